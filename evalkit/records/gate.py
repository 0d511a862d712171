"""What the release gate reads of a run, what it decides, and what an accepted release leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from evalkit.records.family import FailedVariant, Imatrix, Role
from evalkit.records.generation import CertificateState
from evalkit.records.run import RunStatus
from evalkit.records.scores import ALL_PROMPTS, Figure, Metric

WHOLE_FAMILY = "*"
"""The `label` of an observation that is about no single variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRecord:
    """What one variant did with one prompt."""

    n_answers: int
    """Regenerations that exist."""
    answer_hash: str | None = None
    """sha256 over the first answer's token ids and its end, hex; equal means the same answer."""
    certificate: CertificateState = CertificateState.NOT_MEASURED
    certificate_note: str = ""
    """Where it forked, or why it was not measured."""
    profile: tuple[float, ...] = ()
    """How the variant re-weighs the reference's answer, part by part, nats; see `gate/likeness.py`."""
    figures: dict[Metric, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseVariant:
    """One file of a release: its facts, and its figures by prompt and over all prompts."""

    label: str
    role: Role
    payload_hash: str
    size_bytes: int
    n_parameters: int
    quant_type: str
    name: str | None = None
    n_ctx_train: int | None = None
    chat_template_hash: str | None = None
    imatrix: Imatrix | None = None
    not_finite: tuple[str, ...] = ()
    """Figures that came out as NaN or infinite, in words."""
    made_in: tuple[str, ...] = ()
    """Runs that its answers were taken over from; empty when all were made in this run."""
    figures: dict[Metric, Figure] = field(default_factory=dict)
    prompts: dict[str, PromptRecord] = field(default_factory=dict)

    @property
    def bits_per_weight(self) -> float:
        """Bits of the whole file per parameter."""
        return 8 * self.size_bytes / self.n_parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A run as the gate reads it: no texts, no paths, no tokens."""

    run_id: str
    created_utc: str
    status: RunStatus
    n_regenerations: int
    """Answers that were asked for per (variant, prompt)."""
    prompt_ids: tuple[str, ...]
    signature: dict[str, str]
    """All that must be equal before two releases' figures compare: suite, decoding, engine settings and build."""
    reference_digest: str | None
    """sha256 over the reference's stored distributions, hex."""
    variants: tuple[ReleaseVariant, ...]
    failed: tuple[FailedVariant, ...] = ()

    @property
    def reference(self) -> ReleaseVariant:
        """What all others are measured against."""
        return next(variant for variant in self.variants if variant.role is Role.REFERENCE)

    @property
    def others(self) -> tuple[ReleaseVariant, ...]:
        """Every variant but the reference."""
        return tuple(variant for variant in self.variants if variant.role is not Role.REFERENCE)

    def find(self, label: str) -> ReleaseVariant | None:
        """The variant of this label; None where the release has none."""
        return next((variant for variant in self.variants if variant.label == label), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """An accepted release and who accepted it why: `baseline.json`."""

    reason: str
    blessed_by: str
    blessed_utc: str
    release: Release


class RuleKind(StrEnum):
    """What a rule guards."""

    HARD = "hard"
    """The file is broken, incomplete or not what it says."""
    INTENT = "intent"
    """The variant does not do what it was made for."""
    REGRESSION = "regression"
    """The release got worse than the accepted one."""
    COST = "cost"
    """The variant is larger or slower than it may be."""


class State(StrEnum):
    """What a rule found, before the policy says what follows."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_MEASURED = "not-measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a reader can see for themselves."""

    file: str
    """Path inside the run folder."""
    row: str = ""
    """Which line or entry of it."""
    anchor: str = ""
    """Anchor in the run's HTML report; empty where the report shows nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One rule on one subject: figure against limit, compared unrounded."""

    label: str
    prompt_id: str = ALL_PROMPTS
    state: State
    figure: Figure
    limit: float | None
    """None where the rule compares something other than a number."""
    message: str
    evidence: Evidence


class Outcome(StrEnum):
    """What became of one observation under the policy."""

    PASS = "pass"  # noqa: S105 - a word, no secret
    WARN = "warn"
    FAIL = "fail"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation, and what the policy made of it."""

    rule: str
    kind: RuleKind
    observation: Observation
    outcome: Outcome
    blocks: bool
    """Whether it alone keeps the gate closed."""
    waiver: str | None = None
    """The reason and last day of the waiver that lifts it."""


class Verdict(StrEnum):
    """The gate's answer."""

    OPEN = "open"
    CLOSED = "closed"
    NO_VERDICT = "no verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All that the gate has to say of one release."""

    verdict: Verdict
    run_id: str
    baseline_run_id: str | None
    policy_hash: str
    """sha256 over the policy as it was applied, hex."""
    decided_on: date
    """The day that was handed in; waivers expire by it."""
    obstacles: tuple[str, ...]
    """Why there is no verdict: what differs, what is missing, what to do."""
    findings: tuple[Finding, ...]
    figures_hash: str = ""
    """sha256 over the scores.csv that it judged, hex; another one means that the run was scored anew."""
    notes: tuple[str, ...] = ()
    """Rules that are off, waivers that have expired or lift nothing."""

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that keep the gate closed."""
        return tuple(finding for finding in self.findings if finding.blocks)
