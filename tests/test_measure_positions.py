"""Figures per prompt from positions, by hand."""

import pytest

from evalkit.measure.positions import divergence_scores
from evalkit.records.scores import Metric, PositionScores

POSITIONS = PositionScores(
    label="M2",
    prompt_id="inn",
    kl_nats=(0.1, 0.2, 0.6),
    same_top=(True, True, False),
    log_p_reference=(-1.0, -2.0, -3.0),
    log_p_variant=(-1.5, -2.0, -4.0),
)


def test_means_by_hand() -> None:
    figures = {
        score.metric: score.figure for score in divergence_scores([POSITIONS], labels=["M2"], prompt_ids=["inn"])
    }
    assert figures[Metric.KL_DIVERGENCE].value == pytest.approx(0.3)
    assert figures[Metric.TOP1_AGREEMENT].value == pytest.approx(2 / 3)
    # PPL of the variant exp(7.5 / 3), of the reference exp(6 / 3): ln of the ratio 0.5.
    assert figures[Metric.LN_PPL_RATIO].value == pytest.approx(0.5)
    assert {figure.n for figure in figures.values()} == {3}


def test_an_answer_that_was_not_read_is_unmeasured_with_its_reason() -> None:
    scores = divergence_scores([POSITIONS], labels=["M2", "M3"], prompt_ids=["inn"])
    missing = [score.figure for score in scores if score.label == "M3"]
    assert len(missing) == 3
    assert all(figure.value is None and "not read" in str(figure.reason) for figure in missing)
