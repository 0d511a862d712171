"""Small records that several tests start from."""

from pathlib import Path

from evalkit.records.decoding import Decoding
from evalkit.records.family import Family, GgufHeader, Role, Variant
from evalkit.records.generation import Cell, Generation, Method, StopReason, TemplateSource
from evalkit.records.run import EngineBuild, EngineSettings, Machine, Manifest, RunConfig, RunStatus
from evalkit.records.suite import Prompt, Suite

BUILD = EngineBuild(llama_cpp_python="0.0", system_info="none", library_hash="f" * 64, gpu_offload=False)


def header() -> GgufHeader:
    return GgufHeader(
        gguf_version=3, architecture="gemma3", name=None, size_bytes=1, n_parameters=1, quant_type="IQ4_XS",
        tensor_types=(("IQ4_XS", 1),), n_ctx_train=8192, n_vocab=10, chat_template="{{ messages[0].content }}",
        chat_template_hash="a" * 64, tokenizer_hash="b" * 64, imatrix=None,
    )  # fmt: skip


def variant(label: str) -> Variant:
    role = Role.REFERENCE if label == "M1" else Role.VARIANT
    return Variant(
        label=label, path=Path(f"dist/{label}.gguf"), role=role, source=header(), payload_hash=label.lower() * 16
    )


def config(
    labels: tuple[str, ...] = ("M1", "M2"), prompt_ids: tuple[str, ...] = ("inn", "sky"), n_regenerations: int = 2
) -> RunConfig:
    prompts = tuple(
        Prompt(id=id_, title=id_, text=f"Write about {id_}", max_tokens=4, content_hash=id_) for id_ in prompt_ids
    )
    return RunConfig(
        family=Family(name="sample", variants=tuple(map(variant, labels))),
        suite=Suite(name="sample", prompts=prompts, system=None, system_name=None, content_hash="-".join(prompt_ids)),
        decoding=Decoding(),
        engine=EngineSettings(n_threads=1),
        n_regenerations=n_regenerations,
    )


def generation(cell: Cell, token_ids: tuple[int, ...] = (1, 2, 3)) -> Generation:
    return Generation(
        label=cell.label, payload_hash=cell.label.lower() * 16, prompt_id=cell.prompt_id, prompt_hash=cell.prompt_id,
        regeneration_index=cell.regeneration_index, text=" ".join(map(str, token_ids)), token_ids=token_ids,
        margins_nats=(1.0,) * len(token_ids), stop_reason=StopReason.END_OF_TURN, method=Method.PARALLEL, n_drafted=0,
        n_prompt_tokens=3,
        prompt_tokens_hash="c" * 64, template_source=TemplateSource.OWN, prefill_seconds=0.1, decode_seconds=0.2,
    )  # fmt: skip


def manifest(run_id: str = "20260101T000000Z-abcdef01", fingerprint: str = "abcdef01" * 8) -> Manifest:
    return Manifest(
        run_id=run_id,
        fingerprint=fingerprint,
        created_utc="2026-01-01T00:00:00Z",
        evalkit_version="0",
        command=("evalkit", "run"),
        status=RunStatus.RUNNING,
        config=config(),
        build=BUILD,
        machine=Machine(os="Linux", cpu="none", n_cores=2, python="3.11"),
    )
