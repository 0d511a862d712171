"""All that `divergence.json` holds, from positions, answers and distances between pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evalkit.analyse.family_tree import ByPair, family_distances
from evalkit.analyse.length_trend import length_tests
from evalkit.analyse.profile import positional_profiles
from evalkit.analyse.survival import survival_curves
from evalkit.measure.forks import find_forks, near_tie_rule
from evalkit.records.divergence import DivergenceAnalysis, ForkKind
from evalkit.records.generation import Generation
from evalkit.records.positions import PositionScores

N_LISTED = 3
"""More contradictions than a reader needs to see that something is wrong."""


def divergence_notes(analysis: DivergenceAnalysis) -> tuple[str, ...]:
    """What a reader of the summary must know of it, the gravest first."""
    return (*_contradiction_notes(analysis), *_group_notes(analysis), *_tie_notes(analysis))


def analyse_divergence(
    positions: Iterable[PositionScores],
    generations: Iterable[Generation],
    by_pair: ByPair,
    noise_by_prompt: Mapping[str, float],
    *,
    labels: Sequence[str],
    prompt_ids: Sequence[str],
    reference_label: str,
) -> DivergenceAnalysis:
    """Forks, survival, the test of growth with length, profiles and the family's distances.

    The order of positions, answers, labels and prompts decides the order of the records and nothing else.
    """
    positions, generations = tuple(positions), tuple(generations)
    variants = tuple(label for label in labels if label != reference_label)
    rule = near_tie_rule(positions, generations, reference_label)
    forks = find_forks(
        positions, generations, rule, labels=variants, prompt_ids=prompt_ids, reference_label=reference_label
    )
    return DivergenceAnalysis(
        forks=forks,
        near_tie=rule,
        survival=survival_curves(forks, variants),
        length_tests=length_tests(positions, variants),
        profiles=positional_profiles(positions, variants, reference_label),
        family=family_distances(by_pair, noise_by_prompt, labels),
    )


def _contradiction_notes(analysis: DivergenceAnalysis) -> Iterator[str]:
    wrong = analysis.contradictions
    if not wrong:
        return
    told = " ".join(f"{fork.label}, {fork.prompt_id}: {fork.contradiction}" for fork in wrong[:N_LISTED])
    more = f" And {len(wrong) - N_LISTED} more." if len(wrong) > N_LISTED else ""
    yield (
        f"The divergence of {len(wrong)} of {len(analysis.forks)} answers is not that of the models which wrote them: "
        f"{told}{more} Do not believe these figures; run again with --fresh, and report it if it comes again."
    )


def _group_notes(analysis: DivergenceAnalysis) -> Iterator[str]:
    for group in analysis.family.groups if analysis.family else ():
        yield (
            f"{', '.join(group[:-1])} and {group[-1]} lie no further apart than other kernels would move one of them: "
            "the same model in effect."
        )


def _tie_notes(analysis: DivergenceAnalysis) -> Iterator[str]:
    forks = [fork for fork in analysis.forks if fork.token_index is not None]
    n_ties = sum(fork.kind is ForkKind.NEAR_TIE for fork in forks)
    if n_ties and analysis.near_tie.limit_nats is not None:
        yield (
            f"{n_ties} of {len(forks)} forks are near ties (a margin of {analysis.near_tie.limit_nats:.2g} nats or "
            "less in either model): other kernels alone could have made them."
        )
