"""Greedy choice under a repeat penalty, against sums done by hand."""

import numpy as np
import pytest

from evalkit.engine.greedy import choose_greedily, penalty_window
from evalkit.records.decoding import Decoding, PenaltyScope
from evalkit.records.errors import EngineError


def logits(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_without_penalised_tokens_the_highest_logit_wins() -> None:
    choice = choose_greedily(logits(0.5, 3.0, 2.0), (), 1.1)
    assert choice.token_id == 1
    assert choice.margin_nats == pytest.approx(1.0)


def test_a_positive_logit_is_divided_by_the_penalty() -> None:
    # 2.0 / 1.1 = 1.81818 < 1.9
    choice = choose_greedily(logits(2.0, 1.9, 0.0), (0,), 1.1)
    assert choice.token_id == 1
    assert choice.margin_nats == pytest.approx(1.9 - 2.0 / 1.1, abs=1e-6)  # float32 keeps 7 digits


def test_a_negative_logit_is_multiplied_by_the_penalty() -> None:
    # -1.0 * 1.1 = -1.1 < -1.05
    choice = choose_greedily(logits(-1.0, -1.05, -9.0), (0,), 1.1)
    assert choice.token_id == 1
    assert choice.margin_nats == pytest.approx(0.05, abs=1e-6)


def test_a_token_that_came_thrice_is_penalised_once() -> None:
    # Once: 2.0 / 1.1 = 1.818 stays ahead of 1.7. Thrice would be 1.503.
    assert choose_greedily(logits(2.0, 1.7), (0, 0, 0), 1.1).token_id == 0


def test_an_exact_tie_goes_to_the_lowest_id_with_margin_zero() -> None:
    choice = choose_greedily(logits(1.0, 4.0, 4.0), (), 1.1)
    assert choice.token_id == 1
    assert choice.margin_nats == 0.0


def test_the_row_is_restored() -> None:
    row = logits(2.0, 1.9, -1.0)
    choose_greedily(row, (0, 2), 1.1)
    assert row.tolist() == logits(2.0, 1.9, -1.0).tolist()


@pytest.mark.parametrize(
    "row",
    [(1.0, float("nan"), 2.0), (1.0, float("inf"), 2.0), (0.0, 0.0, 0.0), (float("-inf"), 1.0, float("-inf"))],
)
def test_broken_weights_are_an_error_and_not_an_answer(row: tuple[float, ...]) -> None:
    with pytest.raises(EngineError, match="weights are broken"):
        choose_greedily(logits(*row), (), 1.1)


def test_the_window_begins_in_the_prompt_as_in_llama_cpp() -> None:
    decoding = Decoding(repeat_last_n=4)
    assert list(penalty_window(decoding, [1, 2, 3], [])) == [1, 2, 3]
    assert list(penalty_window(decoding, [1, 2, 3], [7, 8])) == [2, 3, 7, 8]
    assert list(penalty_window(decoding, [1, 2, 3], [5, 6, 7, 8, 9])) == [6, 7, 8, 9]


def test_the_output_scope_leaves_the_prompt_out() -> None:
    decoding = Decoding(repeat_last_n=4, penalty_scope=PenaltyScope.OUTPUT)
    assert list(penalty_window(decoding, [1, 2, 3], [])) == []
    assert list(penalty_window(decoding, [1, 2, 3], [7, 8])) == [7, 8]


def test_a_window_of_zero_tokens_penalises_nothing() -> None:
    assert list(penalty_window(Decoding(repeat_last_n=0), [1, 2], [3])) == []
