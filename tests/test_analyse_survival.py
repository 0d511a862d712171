"""Survival of agreement against a printed table and by hand."""

import pytest

from evalkit.analyse.survival import Agreement, kaplan_meier, survival_curves
from evalkit.records.divergence import Fork

# Freireich et al. 1963, the 6-MP arm: weeks of remission, + where censored. Kaplan-Meier estimates as printed in
# Cox & Oakes 1984, table 1.1 and every textbook since.
FORKED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
CENSORED = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
PRINTED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
AT_RISK = {6: 21, 7: 17, 10: 15, 13: 12, 16: 11, 22: 7, 23: 6}


def remissions() -> list[Agreement]:
    return [Agreement(last_token=token, has_forked=True) for token in FORKED] + [
        Agreement(last_token=token, has_forked=False) for token in CENSORED
    ]


def fork(label: str, prompt_id: str, token_index: int | None, n_agreed: int, reason: str | None = None) -> Fork:
    return Fork(label=label, prompt_id=prompt_id, token_index=token_index, n_agreed=n_agreed, reason=reason)


def test_the_estimates_are_those_of_the_printed_table() -> None:
    curve = kaplan_meier("6-MP", remissions())
    assert {point.token: round(point.survival, 3) for point in curve.points} == pytest.approx(PRINTED, abs=6e-4)
    assert {point.token: point.n_at_risk for point in curve.points} == AT_RISK
    assert (curve.n_answers, curve.n_forks, curve.median_tokens) == (21, 9, 23)


def test_the_limits_are_greenwoods_on_the_log_log_scale() -> None:
    # At 10 the printed standard error is .0963: log(-log S) = log(.2837), its error .0963 / (.753 * .2837) = .4509;
    # exp(-.2837 * exp(+-1.96 * .4509)) = .503 and .889.
    point = next(point for point in kaplan_meier("6-MP", remissions()).points if point.token == 10)
    assert (point.low, point.high) == (pytest.approx(0.503, abs=2e-3), pytest.approx(0.889, abs=2e-3))


def test_where_all_have_parted_there_are_no_limits() -> None:
    curve = kaplan_meier("M2", [Agreement(last_token=token, has_forked=True) for token in (1, 3)])
    assert [(point.token, point.survival) for point in curve.points] == [(1, 0.5), (3, 0.0)]
    assert (curve.points[-1].low, curve.points[-1].high) == (None, None)


def test_answers_that_never_part_have_a_curve_without_a_step() -> None:
    curve = kaplan_meier("M2", [Agreement(last_token=99, has_forked=False)] * 4)
    assert (curve.points, curve.n_forks, curve.median_tokens) == ((), 0, None)


def test_an_answer_without_a_fork_is_censored_at_its_last_token_and_an_unread_one_is_left_out() -> None:
    forks = [fork("M2", "inn", 5, 5), fork("M2", "sky", None, 5), fork("M2", "sea", None, 0, reason="not read")]
    (curve,) = survival_curves(forks, ["M2", "M3"])
    # Five tokens agreed, so the last compared is token 4: it is no longer at risk at token 5.
    assert (curve.n_answers, curve.points[0].n_at_risk, curve.points[0].survival) == (2, 1, 0.0)


def test_all_variants_together_come_last_without_limits() -> None:
    forks = [fork("M2", "inn", 5, 5), fork("M3", "inn", 9, 9)]
    curves = survival_curves(forks, ["M2", "M3"])
    assert [curve.label for curve in curves] == ["M2", "M3", "*"]
    assert [(point.token, point.survival, point.low) for point in curves[-1].points] == [(5, 0.5, None), (9, 0.0, None)]


def test_the_order_of_forks_changes_nothing() -> None:
    forks = [fork("M2", str(index), index, index) for index in (4, 9, 2)]
    assert survival_curves(forks, ["M2"]) == survival_curves(forks[::-1], ["M2"])
