"""Does divergence grow with length: planted growth is found, none is not, and chance is found 1 time in 20."""

import numpy as np
import pytest

from evalkit.analyse.length_trend import length_tests, position_correlation
from evalkit.records.divergence import LengthTest
from evalkit.records.positions import PositionScores
from tests.position_samples import positions

N_PROMPTS, N_TOKENS = 8, 90


def read(rng: np.random.Generator, growth: float, flips_late: bool = True) -> list[PositionScores]:
    made = []
    for number in range(N_PROMPTS):
        kl = rng.exponential(0.01, N_TOKENS) * (1 + growth * np.arange(N_TOKENS) / N_TOKENS)
        one = positions("M2", f"prompt {number}", kl.tolist())
        choices = list(one.answer)
        choices[3] = 0
        if flips_late:
            choices[80 + number % 3] = 0
        made.append(positions("M2", f"prompt {number}", kl.tolist(), choices=tuple(choices)))
    return made


def test_of(made: list[PositionScores]) -> LengthTest:
    (found,) = length_tests(made, ["M2", "M3"])
    return found


test_of.__test__ = False  # type: ignore[attr-defined]


def test_growth_is_found() -> None:
    found = test_of(read(np.random.default_rng(1), growth=4))
    assert found.p is not None
    assert found.p < 0.001
    assert found.correlation.value is not None
    assert found.correlation.value > 0.2
    assert found.correlation.n == N_PROMPTS
    assert "grows along the answer" in found.verdict
    assert found.early_kl.value is not None
    assert found.late_kl.value is not None
    assert found.late_kl.value > found.early_kl.value


def test_the_correlation_is_spearmans_by_hand() -> None:
    # Ranks 1 2 3 4 against 1 2 4 3: 1 - 6 * 2 / (4 * 15) = .8.
    assert position_correlation((0.1, 0.2, 0.9, 0.4)) == pytest.approx(0.8)
    assert position_correlation((0.1, 0.1, 0.1)) is None


def test_flips_are_told_apart_by_thirds_by_hand() -> None:
    found = test_of(read(np.random.default_rng(2), growth=0))
    # One of 30 positions in the first third of every answer, one in the last.
    assert (found.early_flips.value, found.late_flips.value) == (pytest.approx(1 / 30), pytest.approx(1 / 30))
    assert "would still differ, so longer answers part more often" in found.verdict
    quiet = test_of(read(np.random.default_rng(2), growth=0, flips_late=False))
    assert quiet.late_flips.value == 0
    assert "nothing makes it part" in quiet.verdict


def test_without_growth_it_is_found_1_time_in_20() -> None:
    rng = np.random.default_rng(3)
    n_found = sum((test_of(read(rng, growth=0)).p or 1) < 0.05 for _ in range(400))
    # The standard error of the share is .011.
    assert n_found / 400 == pytest.approx(0.05, abs=0.03)


def test_p_is_adjusted_for_the_number_of_variants() -> None:
    one = read(np.random.default_rng(4), growth=0.8)
    (alone,) = length_tests(one, ["M2"])
    other = [positions("M3", each.prompt_id, each.kl_nats, choices=each.choices) for each in one]
    pair = length_tests([*one, *other], ["M2", "M3"])
    assert alone.p is not None
    assert [test.p for test in pair] == [pytest.approx(min(1, 2 * alone.p))] * 2


def test_one_prompt_gives_no_test_and_says_so() -> None:
    found = test_of(read(np.random.default_rng(5), growth=4)[:1])
    assert found.p is None
    assert "needs 2 prompts" in found.verdict


def test_short_answers_are_left_out() -> None:
    assert length_tests([positions("M2", "inn", (0.1,) * 29)], ["M2"]) == ()
