"""Where and how the variants leave the reference: forks, survival of agreement, profiles, the family's distances.

One document, `divergence.json`, made from positions and answers; no model is needed to draw it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.records.scores import Figure


class ForkKind(StrEnum):
    """What a fork says of the variant."""

    NEAR_TIE = "near-tie"
    """A margin that other kernels alone could have turned."""
    CHANGE_OF_MIND = "change-of-mind"
    """Both models preferred their own token by more than other kernels ever moved a margin."""
    NOT_KNOWN = "not-known"
    """No noise was read, or a margin is not on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkToken:
    """One of the two tokens at a fork; its probabilities are those of plain softmax, before the repeat penalty."""

    token_id: int | None
    """None for the end of the reference's answer: which of the end-of-turn tokens it was is not on record."""
    text: str
    """Untrusted; empty for the end of an answer."""
    ends_turn: bool
    p_reference: float | None
    """The reference's probability of it; None below the cut of the reference's record or past its answer's end."""
    p_variant: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Where one variant's answer leaves the reference's, as the scoring pass saw it."""

    label: str
    prompt_id: str
    token_index: int | None
    """0-based index of the first token that differs; None where there is none among the `n_agreed` that were read."""
    n_agreed: int
    """Tokens before the fork; without one, the tokens of the reference's answer that were read."""
    reference: ForkToken | None = None
    """What the reference said there."""
    variant: ForkToken | None = None
    """What the variant said there."""
    reference_margin_nats: float | None = None
    """The reference's log-prob gap to its own runner-up, after the repeat penalty."""
    variant_margin_nats: float | None = None
    """The variant's to its own."""
    kind: ForkKind | None = None
    """None where there is no fork."""
    contradiction: str | None = None
    """Which answers left the reference's elsewhere than the scoring pass says. That must never be."""
    reason: str | None = None
    """Why it was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearTieRule:
    """The margin below which a fork may be the kernels' doing."""

    limit_nats: float | None
    """The 99th percentile of how far other kernels moved the reference's own margins; None where none were read."""
    n: int
    """Margins behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalPoint:
    """From this token on, until the next point, so large a share of the answers still equals the reference's."""

    token: int
    survival: float
    low: float | None
    high: float | None
    """95 % limits by Greenwood's variance on the log-log scale; None where all or none survive."""
    n_at_risk: int
    """Answers that had not parted or ended before this token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve:
    """Kaplan-Meier: the share of answers that still agree with the reference after so many tokens.

    Starts at 1 at token 0 and falls at every fork; an answer that ends without a fork is censored there.
    """

    label: str
    """A variant, or `*` for all variants together: without limits, since they share their prompts."""
    points: tuple[SurvivalPoint, ...]
    n_answers: int
    n_forks: int
    median_tokens: float | None
    """Tokens after which half have parted; None where more than half never do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthTest:
    """Does one variant stray further the longer the answer gets?

    Per prompt, Spearman's rank correlation of position and KL along the reference's answer; over prompts its mean with
    Student's t. Beside it the hazard: the share of positions at which the variant would choose another token, early
    and late. As long as the late one is above zero, longer answers are the likelier to have parted.
    """

    label: str
    correlation: Figure
    """-1 to 1; above 0 the divergence grows along the answer. `n` counts prompts."""
    p: float | None
    """Two-sided, "the correlation is 0"; Holm-adjusted over the variants. None where it was not tested."""
    early_kl: Figure
    late_kl: Figure
    """Mean KL over the first and the last third of each answer, nats per token."""
    early_flips: Figure
    late_flips: Figure
    """Share of positions at which another token would be chosen, in the first and the last third."""
    verdict: str
    """In words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePoint:
    """The divergence around one position, over prompts."""

    token: int
    """Centre of the window."""
    kl_nats: float
    low: float | None
    high: float | None
    """Pointwise 95 % interval over prompts; None for one prompt."""
    n_prompts: int
    """Prompts whose answer reaches so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoudToken:
    """A position at which a variant strays far: where its imatrix speaks."""

    prompt_id: str
    token_index: int
    text: str
    """The reference's token there: untrusted."""
    kl_nats: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionalProfile:
    """KL along the reference's answers, smoothed by a centred moving mean."""

    label: str
    window: int
    """Tokens per mean; narrower at the two ends of an answer."""
    points: tuple[ProfilePoint, ...]
    null_high_nats: float | None
    """Upper edge of the null band, which begins at 0: 95 % of the noise's windows of this width lie below it."""
    share_above_null: float | None
    """Share of the points whose whole interval, or value where there is none, lies above the band."""
    loudest: tuple[LoudToken, ...]
    """The positions that stray furthest, largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDistance:
    """Two models of the family, compared along the reference's answers."""

    first: str
    second: str
    js_nats: Figure
    """Mean Jensen-Shannon divergence on the reference's 64 likeliest tokens and one lump of all others, nats per token:
    a lower bound of the true one. `n` counts prompts, the interval is over them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """A leaf with a label, or a join of two branches."""

    height: float
    """Mean distance between the members of the two branches, nats per token; 0 for a leaf."""
    label: str | None = None
    branches: tuple[TreeNode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Who is nearest to one model of the family."""

    label: str
    nearest: str
    js_nats: float
    is_within_noise: bool | None
    """No further than the reference from itself in other kernels: the same model in effect. None: no noise read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyDistances:
    """All pairs of the family."""

    labels: tuple[str, ...]
    """Those that have read the reference's answers, the reference included."""
    pairs: tuple[PairDistance, ...]
    noise: Figure
    """The same distance between the reference and itself in other kernels."""
    tree: TreeNode | None
    """Average linkage (UPGMA); None for fewer than two models."""
    newick: str
    """The tree in Newick notation; empty where there is none."""
    neighbours: tuple[Neighbour, ...]
    groups: tuple[tuple[str, ...], ...]
    """Two or more models of which no pair lies further apart than the noise: recipes that gave the same model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceAnalysis:
    """A run's `divergence.json`."""

    forks: tuple[Fork, ...]
    near_tie: NearTieRule
    survival: tuple[SurvivalCurve, ...]
    length_tests: tuple[LengthTest, ...]
    profiles: tuple[PositionalProfile, ...]
    family: FamilyDistances | None
    """None where nothing was read."""

    @property
    def contradictions(self) -> tuple[Fork, ...]:
        """Forks of which the scoring pass and the answers tell different things."""
        return tuple(fork for fork in self.forks if fork.contradiction)
