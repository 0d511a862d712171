"""The smoothed profile by hand, and its null band."""

import pytest

from evalkit.analyse.profile import WINDOW, null_high_nats, positional_profiles, smoothed
from tests.position_samples import positions


def test_a_moving_mean_by_hand_is_cut_at_the_ends() -> None:
    values = [float(index) for index in range(100)]
    # 34 to 65 around 50; 0 to 15 around 0; 83 to 99 around 99.
    assert smoothed(values, 50) == pytest.approx(49.5)
    assert smoothed(values, 0) == pytest.approx(7.5)
    assert smoothed(values, 99) == pytest.approx(91)


def test_prompts_are_averaged_with_an_interval_where_they_reach() -> None:
    read = [positions("M2", "inn", (1.0,) * 100), positions("M2", "sky", (3.0,) * 50)]
    (profile,) = positional_profiles(read, ["M1", "M2"], "M1")
    by_token = {point.token: point for point in profile.points}
    # Mean 2, sd of 1 and 3 is 1.414, standard error 1, t of 1 degree 12.706.
    assert (by_token[0].kl_nats, by_token[0].n_prompts) == (2, 2)
    assert (by_token[0].low, by_token[0].high) == (0, pytest.approx(2 + 12.706, abs=1e-3))
    assert (by_token[56].kl_nats, by_token[56].n_prompts, by_token[56].low) == (1, 1, None)
    assert (profile.window, profile.null_high_nats, profile.share_above_null) == (WINDOW, None, None)


def test_the_null_band_holds_19_of_20_windows_of_the_noise() -> None:
    # 61 values: windows of 32 from 0 and 16; means of constant parts.
    assert null_high_nats([[0.002] * 61]) == pytest.approx(0.002)
    assert null_high_nats([[0.001] * 5]) == pytest.approx(0.001)
    assert null_high_nats([]) is None


def test_what_lies_above_the_band_is_counted() -> None:
    noise = positions("M1", "inn", (0.01,) * 64)
    loud = positions("M2", "inn", (0.0,) * 100 + (1.0,) * 100)
    (profile,) = positional_profiles([noise, loud], ["M1", "M2"], "M1")
    # Points 0 to 192 by 8; the window of 88 reaches to 103 and has 4 loud tokens of 32: 14 of 25 points lie above .01.
    assert profile.share_above_null == pytest.approx(14 / 25)


def test_the_loudest_tokens_are_named() -> None:
    read = positions("M2", "inn", (0.1, 0.9, 0.3))
    (profile,) = positional_profiles([read], ["M1", "M2"], "M1")
    assert [(token.token_index, token.text, token.kl_nats) for token in profile.loudest] == [
        (1, " t11", 0.9), (2, " t12", 0.3), (0, " t10", 0.1),
    ]  # fmt: skip


def test_a_long_answer_keeps_few_points() -> None:
    (profile,) = positional_profiles([positions("M2", "inn", (0.1,) * 5000)], ["M2"], "M1")
    assert len(profile.points) <= 128
