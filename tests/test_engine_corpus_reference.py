"""What reads a text beside the variant."""

import numpy as np
import pytest

from evalkit.engine.corpus_reference import check_numbers
from evalkit.records.errors import EngineError


def test_rows_of_finite_numbers_pass_however_large() -> None:
    check_numbers([np.array([-3e38, 3e38, 3e38, 3e38], dtype=np.float32)], "reference")
    check_numbers([], "reference")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_none_is_an_error_that_names_the_model(value: float) -> None:
    rows = [np.zeros(3, dtype=np.float32), np.array([0, value, 1], dtype=np.float32)]
    with pytest.raises(EngineError, match="the reference's logits are not finite"):
        check_numbers(rows, "reference")
