"""The report's opening: what was run, on what, and what a reader must know before the figures."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.records.decoding import Decoding, PenaltyScope
from evalkit.records.family import GgufHeader, WarningKind
from evalkit.records.generation import CertificateState
from evalkit.records.run import EngineBuild, ImportConfig, Manifest, RegenMode, RunConfig, RunStatus
from evalkit.records.run_data import RunData
from evalkit.records.tint_reader import TintMethod
from evalkit.report.format import NBSP, count, margin, parameters, plain_number
from evalkit.report.lookup import Lookup
from evalkit.report.signature import short_decoding
from evalkit.report.view import Fact, Head, Warned
from evalkit.report.visible import visible_label

_WARNING_TITLES = {
    WarningKind.NOTICE: "Notice",
    WarningKind.MIXED_QUANT_TYPES: "Mixed quantisation types",
    WarningKind.MISSING_TEMPLATE: "No chat template",
    WarningKind.OTHER_TEMPLATE: "Another chat template",
    WarningKind.EQUAL_PAYLOAD: "Equal weights",
    WarningKind.IMATRIX_CONTRADICTION: "Imatrix and weights disagree",
    WarningKind.SKIPPED_FILE: "Skipped file",
    WarningKind.IMPORTED_TEXTS: "Imported texts",
}
_STATUS_WARNINGS = {
    RunStatus.RUNNING: Warned(title="Unfinished run", message="It was still going on when this page was made."),
    RunStatus.INTERRUPTED: Warned(
        title="Interrupted run", message="Answers are missing. The same command resumes the run and fills them in."
    ),
}
_MODES = {
    RegenMode.FAST: "fast: parallel streams, then verification on a fresh memory",
    RegenMode.PLAIN: "plain: one after another, as llama.cpp's own programs do",
    RegenMode.WARM: "warm: as plain, and once more with the prompt's prefix reused, as chat apps do",
}
_SCOPES = {
    PenaltyScope.PROMPT_AND_OUTPUT: "prompt and output",
    PenaltyScope.OUTPUT: "the output",
}


_LITE = Warned(
    title="LITE tint",
    message="The tint of the texts was read from words alone (--tint lite): it sees less, and does not compare with "
    "full tints. Meaning distance and genres were not measured. evalkit score --tint full reads it anew.",
)


def build_head(run: RunData, lookup: Lookup) -> Head:
    """Collect what stands above the figures."""
    manifest = run.manifest
    suite = manifest.config.suite
    return Head(
        family=manifest.config.family.name,
        run_id=manifest.run_id,
        created=manifest.created_utc,
        lede=_lede(run),
        brief=_brief(manifest),
        is_reproducible=run.summary.reproducible,
        reproducibility=_reproducibility(run),
        warnings=tuple(_warnings(manifest, lookup)),
        notes=run.summary.notes,
        settings=tuple(_settings(manifest)),
        system_prompt=suite.system or "",
    )


def _lede(run: RunData) -> str:
    config = run.manifest.config
    variants, prompts = config.family.variants, config.suite.prompts
    planned = config.n_cells
    made = len(run.generations)
    answers = count(made, "answer") if made == planned else f"{made:,} of {count(planned, 'answer')}"
    compared = f"compared with {visible_label(config.family.reference.label)}."
    if isinstance(config, ImportConfig):
        return (
            f"Texts made elsewhere: {count(len(variants), 'variant')} on {count(len(prompts), 'prompt')}, {answers}, "
            f"{compared}"
        )
    return (
        f"{count(len(variants), 'variant')} answered {count(len(prompts), 'prompt')}, "
        f"{count(config.n_regenerations, 'time')} each from cleared memory"
        f"{' and once with a reused prefix' if config.engine.regen_mode is RegenMode.WARM else ''}: {answers}, "
        f"{compared}"
    )


def _brief(manifest: Manifest) -> str:
    config = manifest.config
    headers = [variant.source for variant in config.family.variants if isinstance(variant.source, GgufHeader)]
    parts = [f"suite {config.suite.name}"]
    if isinstance(config, RunConfig) and headers:
        quants = dict.fromkeys(header.quant_type for header in headers)
        parts.insert(0, f"{headers[0].architecture}, {parameters(headers[0].n_parameters)} parameters")
        parts.insert(1, ", ".join(quants))
        parts.append(short_decoding(config.decoding))
        parts.append(f"system prompt {config.suite.system_name or ('given' if config.suite.system else 'none')}")
    return " · ".join((*parts, manifest.created_utc[:10]))


def _reproducibility(run: RunData) -> str:
    if run.summary.reproducible is None:
        return "Reproducibility was not measured."
    forked = [row for row in run.measurement.certificates if row.state is CertificateState.FORKED]
    if run.summary.reproducible:
        return "Reproducible: every regeneration repeated its first answer, token for token."
    if not forked:
        return "Not reproducible."
    places = "; ".join(
        f"{visible_label(row.label)} on {row.prompt_id} after {count(row.fork_token or 0, 'token')}"
        f" (margin{NBSP}{margin(row.fork_margin_nats)})"
        for row in forked
    )
    return f"Not reproducible: regenerations part in {count(len(forked), 'case')}: {places}."


def _warnings(manifest: Manifest, lookup: Lookup) -> Iterator[Warned]:
    """The publisher's own notice first, then what broke, then what else was found."""
    found = sorted(manifest.config.family.warnings, key=lambda warning: warning.kind is not WarningKind.NOTICE)
    notices = [warning for warning in found if warning.kind is WarningKind.NOTICE]
    for warning in notices:
        yield Warned(title=_WARNING_TITLES[warning.kind], message=warning.message, labels=warning.labels)
    if manifest.tint_method is TintMethod.LITE:
        yield _LITE
    if manifest.status in _STATUS_WARNINGS:
        yield _STATUS_WARNINGS[manifest.status]
    for failed in lookup.failed.values():
        yield Warned(title="Failed variant", message=failed.cause, labels=(failed.label,))
    for warning in found[len(notices) :]:
        yield Warned(title=_WARNING_TITLES[warning.kind], message=warning.message, labels=warning.labels)


def _settings(manifest: Manifest) -> Iterator[Fact]:
    config, machine = manifest.config, manifest.machine
    yield Fact(name="Suite", value=f"{config.suite.name}: {', '.join(prompt.id for prompt in config.suite.prompts)}")
    yield Fact(name="System prompt", value=config.suite.system_name or ("given" if config.suite.system else "none"))
    if isinstance(config, ImportConfig) or manifest.build is None:
        yield Fact(name="Decoding", value="not known: the texts were made elsewhere")
    else:
        yield from _engine_facts(config, manifest.build)
    yield Fact(name="Machine", value=f"{machine.cpu}, {count(machine.n_cores, 'core')}, {machine.os}")
    yield Fact(name="Software", value=f"evalkit {manifest.evalkit_version}, Python {machine.python}")


def _engine_facts(config: RunConfig, build: EngineBuild) -> Iterator[Fact]:
    engine = config.engine
    yield Fact(name="Decoding", value=_decoding(config.decoding))
    yield Fact(name="Engine", value=f"llama-cpp-python {build.llama_cpp_python}")
    yield Fact(
        name="Engine settings",
        value=f"{count(engine.n_threads, 'thread')}, batch {engine.n_batch}, micro-batch {engine.n_ubatch}, "
        f"{_gpu_layers(engine.n_gpu_layers)}, flash attention {'on' if engine.flash_attention else 'off'}"
        f"{'' if engine.repack_weights else ', without repacked weights, whose kernels crash here'}",
    )
    yield Fact(name="Regenerations", value=f"{config.n_regenerations}, {_MODES[engine.regen_mode]}")
    yield Fact(name="Kernel features", value=build.system_info, is_code=True)


def _gpu_layers(n_gpu_layers: int) -> str:
    return "all layers on the GPU" if n_gpu_layers < 0 else count(n_gpu_layers, "GPU layer")


def _decoding(decoding: Decoding) -> str:
    samplers = (
        f"top-k {decoding.top_k}, top-p {plain_number(decoding.top_p)}, min-p {plain_number(decoding.min_p)}"
        f"{' (without effect at temperature 0)' if decoding.temperature == 0 else ''}"
    )
    penalty = (
        f"repeat penalty {plain_number(decoding.repeat_penalty)} over the last "
        f"{decoding.repeat_last_n} tokens of {_SCOPES[decoding.penalty_scope]}"
    )
    return f"temperature {plain_number(decoding.temperature)}, {penalty}; {samplers}"
