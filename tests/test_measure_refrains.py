"""A refrain counts once; a loop stays a loop, whatever stands around it."""

from __future__ import annotations

import pytest

from evalkit.measure.damage import is_loop
from evalkit.measure.refrains import drop_refrains
from tests.measure_samples import PUBLISHED

BALLAD = [
    "The lamp is out, the stair is cold,", "The keys I had are worn and old,", "I set a plate, I set a chair,",
    "I heard a foot upon the stair,", "The kettle sings, the window weeps,", "The thing below the cellar sleeps,",
    "A finger writes upon the glass,", "The chapel bell is made of brass,", "The road is white, the field is grey,",
    "My brother went the other way,", "The clock has stopped, the fire has died,",
    "And something scratches, just outside,",
]  # fmt: skip
REFRAIN = "And nobody is coming home."
CHORUS = ["Oh, row me out, my dark-haired girl, row me out to the bar,", "The tide is turning, home is very far."]


def test_a_refrain_between_new_lines_counts_once() -> None:
    song = "\n".join(line for verse in BALLAD for line in (verse, REFRAIN))
    assert drop_refrains(song) == "\n".join([BALLAD[0], REFRAIN, *BALLAD[1:]])
    assert not is_loop(song)


def test_a_chorus_of_two_lines_is_no_loop() -> None:
    verses = [BALLAD[0:4], BALLAD[4:8], BALLAD[8:12]]
    song = "\n\n".join("\n".join([*verse, "", *CHORUS]) for verse in verses)
    assert not is_loop(song)
    # Without its lines, nothing says that it is a song.
    assert is_loop(" ".join(song.split()))


@pytest.mark.parametrize(
    "lines",
    [
        [*BALLAD, *[REFRAIN] * 12],
        [*BALLAD, *['"Did you hear that?"', '"Hear what?" he said, and looked at the door.'] * 8],
        [*BALLAD, *BALLAD],
        [line for number in range(12) for line in (f"Night {number}.", *CHORUS)],
        [*BALLAD, *CHORUS, *CHORUS],
    ],
    ids=[
        "one line at the end",
        "two lines in turn",
        "all over again",
        "more chorus than song",
        "a chorus at once again",
    ],
)
def test_lines_that_come_again_without_new_ones_are_a_loop(lines: list[str]) -> None:
    assert is_loop("\n".join(lines))


def test_a_paragraph_that_comes_again_is_no_refrain() -> None:
    paragraphs = [part for part in PUBLISHED["M1"].split("\n") if len(part.split()) > 15]
    assert is_loop("\n\n".join([*paragraphs, paragraphs[0], "He went home."]))


def test_prose_is_left_as_it_is() -> None:
    for text in PUBLISHED.values():
        assert drop_refrains(text) == text
