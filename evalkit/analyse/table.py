"""The per-prompt figures of a run, looked up by variant and metric."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalkit.records.scores import ALL_PROMPTS, Figure, Metric, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTable:
    """Who was measured on what, and the result."""

    labels: tuple[str, ...]
    prompt_ids: tuple[str, ...]
    reference_label: str
    figures: dict[tuple[str, Metric, str], Figure]
    """By label, metric and prompt id."""

    @classmethod
    def of(
        cls, scores: Iterable[Score], *, labels: Sequence[str], prompt_ids: Sequence[str], reference_label: str
    ) -> FigureTable:
        """Rows that summarise are left out."""
        return cls(
            labels=tuple(labels),
            prompt_ids=tuple(prompt_ids),
            reference_label=reference_label,
            figures={
                (score.label, score.metric, score.prompt_id): score.figure
                for score in scores
                if score.prompt_id != ALL_PROMPTS
            },
        )

    @property
    def n_prompts(self) -> int:
        """Prompts of the suite, answered or not."""
        return len(self.prompt_ids)

    @property
    def variants(self) -> tuple[str, ...]:
        """Every label but the reference's."""
        return tuple(label for label in self.labels if label != self.reference_label)

    def column(self, label: str, metric: Metric) -> dict[str, Figure]:
        """The figures of one variant by prompt, in the suite's order."""
        keys = ((label, metric, prompt_id) for prompt_id in self.prompt_ids)
        return {key[2]: self.figures[key] for key in keys if key in self.figures}

    def values(self, label: str, metric: Metric) -> dict[str, float]:
        """The same without what was not measured."""
        return {
            prompt_id: figure.value
            for prompt_id, figure in self.column(label, metric).items()
            if figure.value is not None
        }

    def count(self, label: str, flag: Metric) -> int:
        """Answers of one variant with this flag."""
        return sum(value == 1 for value in self.values(label, flag).values())

    def n_answers(self, label: str) -> int:
        """Prompts to which the variant gave an answer, were it an empty one."""
        return len(self.values(label, Metric.EMPTY))
