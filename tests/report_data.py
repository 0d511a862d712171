"""Runs for the report's tests: real published texts under invented figures."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from evalkit.records.decoding import CARD_DECODING
from evalkit.records.family import (
    FailedVariant,
    Family,
    FamilyWarning,
    GgufHeader,
    Imatrix,
    Role,
    Variant,
    WarningKind,
)
from evalkit.records.generation import Certificate, CertificateState, Generation, Method, StopReason, TemplateSource
from evalkit.records.run import EngineBuild, EngineSettings, Machine, Manifest, RunConfig, RunStatus
from evalkit.records.run_data import Measurement, RunData
from evalkit.records.scores import AnswerTint, Figure, Metric, RunSummary, Score, VariantSummary
from evalkit.records.suite import Prompt, Suite
from tests import report_analysis

NINE_RINGS = Path(__file__).parent / "data" / "nine-rings"
LABELS = tuple(f"M{number}" for number in range(1, 11))
NO_EMBEDDER = "No sentence embedder was found: install sentence-transformers, or name a folder with --embedder."
SAME_FILE = "The reference is not compared with itself."
N_REGENERATIONS = 3

_WORK = {
    "M1": ("no imatrix, no modification", (), None),
    "M2": ("Neo imatrix", ("M1",), "neo.txt"),
    "M3": ("Horror imatrix", ("M1",), "horror.txt"),
    "M4": ("Neo and Horror imatrix, 2 steps", ("M2", "M3"), "horror.txt"),
    "M5": ("M4 + part Horror modification #1, large", ("M4",), "horror-part-large.txt"),
    "M6": ("M4 + part Horror modification #2, small", ("M4",), "horror-part-small.txt"),
    "M7": ("3 steps: M4 + M5", ("M4", "M5"), "horror-part-large.txt"),
    "M8": ("3 steps: M4 + M6", ("M4", "M6"), "horror-part-small.txt"),
    "M9": ("3 steps: M4 + Neo imatrix large", ("M4",), "neo-large.txt"),
    "M10": ("3 steps: M4 + Neo imatrix small", ("M4",), "neo-small.txt"),
}
_LATER_WORK = ("one more step from M4", ("M4",), "neo-small.txt")


def published_run() -> RunData:
    """Ten variants and two prompts: the published outputs, and near twins of M1's with a few other words."""
    texts = {(label, "waystone"): (NINE_RINGS / "outputs" / f"{label}.txt").read_text("utf-8") for label in LABELS}
    twins = _near_twins(texts["M1", "waystone"])
    texts |= {(label, "near-twins"): twins[label] for label in LABELS if label != "M10"}
    waystone = (NINE_RINGS / "prompts" / "waystone.txt").read_text("utf-8")
    prompts = (
        prompt("waystone", "The Waystone Inn", waystone),
        prompt("near-twins", "Near twins (made for this test)", "Continue, but change only a few words."),
    )
    run = make_run(texts, prompts)
    return dataclasses.replace(
        run,
        failed=(FailedVariant(label="M10", path=Path("dist/M10.gguf"), cause="The child process ended by signal 9."),),
        generations=tuple(_with_second_thoughts(run.generations)),
    )


def make_run(
    texts: dict[tuple[str, str], str], prompts: tuple[Prompt, ...], labels: tuple[str, ...] = LABELS
) -> RunData:
    """A finished run whose figures are invented by rule: they test the page, not the models."""
    generations = tuple(
        generation(label, prompt_id, text, index)
        for (label, prompt_id), text in texts.items()
        for index in range(N_REGENERATIONS)
    )
    return RunData(
        manifest=manifest(prompts, labels),
        generations=generations,
        failed=(),
        measurement=Measurement(
            certificates=tuple(_certificate(label, prompt_id) for label, prompt_id in texts),
            scores=tuple(_scores(texts)),
            tints=tuple(
                AnswerTint(label=label, prompt_id=prompt_id, sentences=tuple(report_analysis.sentences(text[:50_000])))
                for (label, prompt_id), text in texts.items()
            ),
        ),
        summary=RunSummary(
            variants=tuple(_summary(number, label) for number, label in enumerate(labels)),
            reproducible=False,
            notes=("2 prompts are too few for a claim: differences under 17 points cannot be seen.",),
            claims=report_analysis.claims(),
            plane=report_analysis.plane(labels),
        ),
        comparisons=report_analysis.comparisons(labels),
        divergence=report_analysis.divergence(labels, [prompt.id for prompt in prompts]),
    )


def manifest(prompts: tuple[Prompt, ...], labels: tuple[str, ...] = LABELS) -> Manifest:
    return Manifest(
        run_id="20261124T150000Z-1a2b3c4d",
        fingerprint=_hash("fingerprint"),
        created_utc="2026-11-24T15:00:00Z",
        evalkit_version="0.1.0",
        command=("evalkit", "run", "--models", "dist/M 1.gguf", "dist/M2.gguf"),
        status=RunStatus.FAILED_VARIANTS,
        config=RunConfig(
            family=family(labels),
            suite=Suite(name="standard", prompts=prompts, system=None, system_name=None, content_hash=_hash("suite")),
            decoding=CARD_DECODING,
            engine=EngineSettings(n_threads=2),
            n_regenerations=N_REGENERATIONS,
        ),
        build=EngineBuild(
            llama_cpp_python="0.3.36",
            system_info="CPU : SSE3 = 1 | SSSE3 = 1 | AVX = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | REPACK = 1",
            library_hash=_hash("library"),
            gpu_offload=False,
        ),
        machine=Machine(os="Linux 6.1", cpu="Invented CPU 3000", n_cores=2, python="3.11.7"),
    )


def family(labels: tuple[str, ...] = LABELS) -> Family:
    notice = "Toy model: 5.8 M parameters, trained for this project. Its figures say nothing about any real family."
    return Family(
        name="Nine Rings of Power (invented figures)",
        variants=tuple(_variant(label) for label in labels),
        warnings=(
            FamilyWarning(
                kind=WarningKind.MISSING_TEMPLATE, labels=("M6",), message="M6 got the reference's template."
            ),
            FamilyWarning(kind=WarningKind.NOTICE, labels=(), message=notice),
        ),
    )


def prompt(prompt_id: str, title: str, text: str) -> Prompt:
    return Prompt(id=prompt_id, title=title, text=text, max_tokens=1024, content_hash=_hash(prompt_id))


def generation(label: str, prompt_id: str, text: str, index: int) -> Generation:
    tokens = tuple(zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in text[:20_000].split())
    return Generation(
        label=label,
        payload_hash=_hash(label),
        prompt_id=prompt_id,
        prompt_hash=_hash(prompt_id),
        regeneration_index=index,
        text=text,
        token_ids=tokens,
        margins_nats=(0.25,) * len(tokens),
        stop_reason=StopReason.MAX_TOKENS if label == "M7" else StopReason.END_OF_TURN,
        method=Method.VERIFICATION if index == 2 else Method.PARALLEL,
        n_drafted=0,
        n_prompt_tokens=180,
        prompt_tokens_hash=_hash("prompt tokens"),
        template_source=TemplateSource.REFERENCE if label == "M6" else TemplateSource.OWN,
        prefill_seconds=0.5,
        decode_seconds=20.0,
    )


def _variant(label: str) -> Variant:
    description, lineage, dataset = _WORK.get(label, _LATER_WORK)
    imatrix = Imatrix(file=f"{dataset}.imatrix", dataset=dataset, entries_count=238, chunks_count=120)
    return Variant(
        label=label,
        path=Path("dist") / f"{label}.gguf",
        role=Role.REFERENCE if label == "M1" else Role.VARIANT,
        source=GgufHeader(
            gguf_version=3,
            architecture="gemma3",
            name="Invented 4b it",
            size_bytes=2_261_000_000,
            n_parameters=3_880_000_000,
            quant_type="IQ4_XS",
            tensor_types=(("IQ4_XS", 230), ("F32", 205), ("Q6_K", 9)),
            n_ctx_train=131_072,
            n_vocab=262_144,
            chat_template=None if label == "M6" else "{{ messages }}",
            chat_template_hash=None if label == "M6" else _hash("template"),
            tokenizer_hash=_hash("tokenizer"),
            imatrix=imatrix if dataset else None,
        ),
        payload_hash=_hash(label),
        lineage=lineage,
        description=description,
    )


def _scores(texts: dict[tuple[str, str], str]) -> Iterator[Score]:
    for label, prompt_id in texts:
        is_reference = label == "M1"
        words = len(texts[label, prompt_id][:50_000].split())
        figures = {
            Metric.TINT: Figure(value=70.0 + len(label)),
            Metric.DELTA_TINT: Figure(value=None, reason=SAME_FILE) if is_reference else Figure(value=-2.25),
            Metric.COMMON_PREFIX_TOKENS: Figure(value=None, reason=SAME_FILE) if is_reference else Figure(value=3.0),
            Metric.N_WORDS: Figure(value=float(words)),
            Metric.LOOP: Figure(value=1.0 if label == "M8" else 0.0),
            Metric.REFUSAL: Figure(value=0.0),
        }
        for metric, figure in figures.items():
            yield Score(label=label, prompt_id=prompt_id, metric=metric, figure=figure)


def _summary(number: int, label: str) -> VariantSummary:
    itself = {
        Metric.TINT: Figure(value=71.3 + number, low=60.0, high=82.0, n=2),
        Metric.KL_DIVERGENCE: Figure(
            value=0.0004 if label == "M1" else 0.01 + number / 1000, low=0.0002, high=0.03, n=2
        ),
        Metric.TOP1_AGREEMENT: Figure(value=0.97 - number / 100, low=0.8, high=0.99, n=2),
        Metric.REGENERATION_AGREEMENT: Figure(value=2 / 3 if label == "M5" else 1.0, n=2),
        Metric.DAMAGE: Figure(value=0.5 if label == "M8" else 0.0, n=2),
        Metric.TOKENS_PER_SECOND: Figure(value=14.26 - number / 10, n=6),
    }
    return VariantSummary(
        label=label,
        figures=itself | _compared(number, label),
        verdict=_verdict(label),
        differences=report_analysis.differences(number) if number else {},
    )


def _compared(number: int, label: str) -> dict[Metric, Figure]:
    metrics = (
        Metric.DISTRIBUTION_TINT,
        Metric.DELTA_TINT,
        Metric.COMMON_PREFIX_TOKENS,
        Metric.CHRF,
        Metric.WORD_JS_DIVERGENCE,
    )
    if label == "M1":
        missing = Figure(value=None, reason=SAME_FILE)
        return dict.fromkeys((*metrics, Metric.EMBEDDING_DISTANCE, Metric.LOG_LENGTH_RATIO), missing)
    delta = -4.04 if label == "M2" else 2.5 * number - 9
    return {
        Metric.DISTRIBUTION_TINT: Figure(value=delta / 40, low=delta / 40 - 0.2, high=delta / 40 + 0.2, n=50),
        Metric.DELTA_TINT: Figure(value=delta, low=delta - 7.5, high=delta + 7.5, n=2),
        Metric.COMMON_PREFIX_TOKENS: Figure(value=3.5 + number, low=0.0, high=11.0, n=2),
        Metric.CHRF: Figure(value=64.2 - number, low=40.1, high=88.0, n=2),
        Metric.WORD_JS_DIVERGENCE: Figure(value=0.3114 + number / 100, low=0.21, high=0.44, n=2),
        Metric.EMBEDDING_DISTANCE: Figure(value=None, reason=NO_EMBEDDER),
        Metric.LOG_LENGTH_RATIO: Figure(value=0.06, low=-0.11, high=0.23, n=2),
    }


def _verdict(label: str) -> str:
    if label == "M1":
        return "The reference."
    if label in {"M8", "M9", "M10"}:
        return "Darker than M1: the interval of delta-tint is above 0."
    return "Cannot be told apart from M1 in tint; a difference under 15 points could not have been found."


def _certificate(label: str, prompt_id: str) -> Certificate:
    if (label, prompt_id) == ("M5", "near-twins"):
        return Certificate(
            label=label, prompt_id=prompt_id, state=CertificateState.FORKED, n_regenerations=N_REGENERATIONS,
            fork_token=41, fork_margin_nats=0.00213,
        )  # fmt: skip
    state = CertificateState.IDENTICAL
    return Certificate(label=label, prompt_id=prompt_id, state=state, n_regenerations=N_REGENERATIONS)


def _near_twins(text: str) -> dict[str, str]:
    """M1's own text with more and more words replaced; M2's is equal, M3's only lacks a sentence."""
    twins = {"M1": text, "M2": text, "M3": text.partition(". ")[2]}
    for step, label in enumerate(LABELS[3:9], start=1):
        words = text.split(" ")
        for position in range(20 - step, len(words), 60 // step):
            words[position] = "shadows"
        twins[label] = " ".join(words)
    return twins


def _with_second_thoughts(generations: Iterable[Generation]) -> Iterator[Generation]:
    """M5's third regeneration of the near twins leaves the first after 41 tokens."""
    for row in generations:
        if row.label == "M5" and row.prompt_id == "near-twins" and row.regeneration_index == 2:
            words = row.text.split(" ")
            text = " ".join([*words[:41], "something", "else", "entirely", *words[43:-20]])
            yield generation(row.label, row.prompt_id, text, 2)
        else:
            yield row


def _hash(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}" * 8
