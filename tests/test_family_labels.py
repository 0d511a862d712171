"""Labels come from file names: the M number where there is one, else what sets the name apart."""

from __future__ import annotations

import pytest

from evalkit.family.labels import canonical_label, labels_of


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        ("Gemma-3-Nine-Rings-of-Power-Fiction-Horror-4b-it-M7-IQ4_XS", "M7"),
        ("M10", "M10"),
        ("m2", "M2"),
        ("rings_m3_q4", "M3"),
        ("rings.M4.q4", "M4"),
        ("rings M5 q4", "M5"),
        ("M07-rings", "M7"),
        ("Mac-M1-tuned-M6", "M6"),  # the last one is the variant's
    ],
)
def test_an_m_number_between_separators_is_the_label(stem: str, label: str) -> None:
    assert labels_of([stem]) == (label,)


@pytest.mark.parametrize("stem", ["GEMM7", "M7b-instruct", "xM7-q4", "M-7", "6M-model", "M7+M8", "M٣"])
def test_an_m_number_inside_a_word_is_no_label(stem: str) -> None:
    assert labels_of([stem]) == (stem,)


@pytest.mark.parametrize(
    ("stems", "labels"),
    [
        (["Rings-neo-IQ4_XS", "Rings-horror-IQ4_XS"], ("neo", "horror")),
        (["Rings-Q4_K_M", "Rings-Q8_0"], ("Q4_K_M", "Q8_0")),  # cut at a boundary, not inside `Q`
        (["model-a", "model-b", "model-c"], ("a", "b", "c")),
        (["neo-IQ4", "horror-IQ4"], ("neo", "horror")),
        (["Foo", "Foo-x"], ("Foo", "Foo-x")),
        (["Foo-", "Foo-x"], ("Foo-", "Foo-x")),  # nothing would be left of the first
        (["a-b", "a--b"], ("a-b", "a--b")),
        (["alone-in-the-dark"], ("alone-in-the-dark",)),
        (["Rings-M1-x", "Rings-neo-x", "Rings-horror-x"], ("M1", "neo", "horror")),
        ([], ()),
    ],
)
def test_names_without_an_m_number_lose_what_they_share(stems: list[str], labels: tuple[str, ...]) -> None:
    assert labels_of(stems) == labels


def test_no_label_is_ever_empty() -> None:
    names = ["-", "--", "-a", "a-", "-a-", "a", "_", "a-_", " "]
    for first in names:
        for second in names:
            assert all(labels_of([first, second]))


def test_hidden_characters_of_a_name_do_not_travel_in_its_label() -> None:
    # escape sequence, right-to-left override, zero-width space, a byte that is no UTF-8
    assert canonical_label("a\x1b[31mb\u202ec\u200bd\udcff\n") == "a_[31mb_c_d__"
    assert canonical_label("Größe 7 ✓") == "Größe 7 ✓"
