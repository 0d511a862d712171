"""All of a run's blind judging in one record: people's votes, and apart from them each model judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.analyse.model_judge import weigh_judge
from evalkit.analyse.preferences import weigh_votes
from evalkit.records.blind import Reveal, UnaskedPair
from evalkit.records.judgement import Judgement
from evalkit.records.preferences import Preferences


def weigh_panel(
    reveals: Sequence[Reveal], judgements: Sequence[Judgement], *, labels: Sequence[str], reference_label: str
) -> Preferences | None:
    """What all reveals and judgements of one run say; None where there is neither.

    People's ratings come from people's votes alone. A model's are its own, and a model that failed its exam has none.

    Args:
        labels: the family's variants in their order.
    """
    if not reveals and not judgements:
        return None
    votes = [vote for reveal in reveals for vote in reveal.votes]
    known = {label for reveal in reveals for label in reveal.labels} | set(labels)
    ordered = [*labels, *sorted(known - set(labels))]
    people = weigh_votes(votes, _unasked(reveals), labels=ordered, reference_label=reference_label)
    models = [weigh_judge(one, votes, labels=ordered, reference_label=reference_label) for one in judgements]
    return replace(people, kit_ids=tuple(reveal.kit_id for reveal in reveals), models=tuple(models))


def _unasked(reveals: Sequence[Reveal]) -> tuple[UnaskedPair, ...]:
    """Two kits of one run leave the same pairs out; each counts once."""
    return tuple(
        {(pair.prompt_id, pair.label_a, pair.label_b): pair for reveal in reveals for pair in reveal.unasked}.values()
    )
