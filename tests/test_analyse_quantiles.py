"""Quantiles over all positions, and intervals that cover although prompts differ."""

import numpy as np
import pytest
from scipy import stats

from evalkit.analyse.quantiles import pooled_kl_quantiles, pooled_quantile
from evalkit.records.metrics import Metric
from tests.position_samples import positions

N_DRAWS = 2000


def coverage(share: float, n_prompts: int, seed: int) -> float:
    """Share of the intervals that hold the true quantile; prompts shift all of their positions."""
    truth = float(stats.norm.ppf(share, scale=np.sqrt(1 + 0.5**2)))
    rng, n_held, n_made = np.random.default_rng(seed), 0, 0
    for _ in range(N_DRAWS):
        values = rng.normal(rng.normal(0, 0.5, (n_prompts, 1)), 1, (n_prompts, 60))
        figure = pooled_quantile({str(index): row.tolist() for index, row in enumerate(values)}, share)
        if figure.low is not None and figure.high is not None:
            n_made += 1
            n_held += figure.low <= truth <= figure.high
    assert n_made > 0.95 * N_DRAWS
    return n_held / n_made


@pytest.mark.parametrize(("share", "n_prompts"), [(0.5, 8), (0.9, 12)])
def test_intervals_cover_the_true_quantile_19_times_in_20(share: float, n_prompts: int) -> None:
    # The standard error of a share of 2,000 is .005.
    assert coverage(share, n_prompts, seed=1) == pytest.approx(0.95, abs=0.02)


def test_the_value_is_that_of_all_positions_together() -> None:
    figure = pooled_quantile({"inn": (1.0, 2.0), "sky": (3.0, 4.0, 5.0)}, 0.5)
    assert (figure.value, figure.n) == (3, 5)


def test_where_no_upper_limit_is_known_there_is_no_interval_but_a_reason() -> None:
    figure = pooled_quantile({"inn": tuple(range(50)), "sky": tuple(range(50, 100))}, 0.95)
    assert figure.value is not None
    assert (figure.low, figure.high) == (None, None)
    assert "no upper limit" in str(figure.reason)


def test_one_prompt_has_a_value_and_a_reason() -> None:
    figure = pooled_quantile({"inn": (1.0, 2.0, 3.0)}, 0.5)
    assert (figure.value, figure.low) == (2, None)
    assert "at least 2" in str(figure.reason)


def test_quantiles_are_made_per_label_and_the_order_of_prompts_changes_nothing() -> None:
    read = [positions("M2", "inn", (0.1, 0.2)), positions("M2", "sky", (0.4,)), positions("M1", "inn", (0.001,) * 2)]
    found = pooled_kl_quantiles(read)
    assert found["M2"][Metric.KL_MEDIAN].value == pytest.approx(0.2)
    assert found == pooled_kl_quantiles(read[::-1])
    assert found["M1"][Metric.KL_99_9].value is None
