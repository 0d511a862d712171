"""Reading ease works without a network, with the syllables of the dictionary."""

import subprocess
import sys
from dataclasses import replace

import pytest

from evalkit.measure.style import count_words, reading_ease, tokens_per_second
from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Cell
from tests.measure_samples import PUBLISHED
from tests.samples import generation

PLAIN = "The cat sat on the mat near the door. The dog ran to the old red barn by the hill."


def test_reading_ease_of_two_plain_sentences_by_hand() -> None:
    # 20 words of one syllable each in 2 sentences: 206.835 - 1.015 * 20 / 2 - 84.6 * 20 / 20.
    assert reading_ease(PLAIN) == pytest.approx(112.085)


def test_syllables_come_from_the_dictionary() -> None:
    # "business" has 2 syllables there (B IH1 Z N AH0 S) and "people" 2 (P IY1 P AH0 L): 22 in 20 words.
    text = PLAIN.replace("cat", "people").replace("dog", "business")
    assert reading_ease(text) == pytest.approx(206.835 - 1.015 * 10 - 84.6 * 22 / 20)


def test_curly_marks_and_dashes_read_as_straight_ones() -> None:
    straight = "It wasn't there - then it was... and I couldn't tell who had come in from the cold to the fire. He sat."
    curly = "It wasn’t there—then it was… and I couldn’t tell who had come in from the cold to the fire. He sat."
    assert reading_ease(curly) == pytest.approx(reading_ease(straight))


def test_nothing_is_downloaded() -> None:
    program = (
        "import socket, nltk\n"
        "def refuse(*args, **kwargs): raise SystemExit('the network was asked')\n"
        "nltk.download = socket.socket.connect = refuse\n"
        "from evalkit.measure.style import reading_ease\n"
        f"print(reading_ease({PLAIN!r}))"
    )
    environment = {"PATH": "", "HOME": "/nonexistent", "NLTK_DATA": ""}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(112.085)


def test_published_answers_read_like_fiction() -> None:
    # 60 to 70 is what Flesch calls standard prose.
    assert all(60 < reading_ease(text) < 72 for text in PUBLISHED.values())


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "no word"), ("Only four words here.", "only 4 words"),
     ("die Nacht war kalt und still im Haus. " * 5, "English"),
     ("The rain fell. " * 20_000, "characters")],
)  # fmt: skip
def test_reading_ease_gives_its_reason_where_it_means_nothing(text: str, reason: str) -> None:
    with pytest.raises(NotMeasuredError, match=reason):
        reading_ease(text)


def test_words_keep_apostrophes_and_hyphens() -> None:
    assert count_words("It wasn’t a rough-hewn 3,000.5-year-old—or was it?") == 8
    assert count_words("… *** 🙂") == 0


def test_speed_is_tokens_over_decoding_time() -> None:
    made = generation(Cell(label="M1", prompt_id="inn", regeneration_index=0), (1, 2, 3))
    assert tokens_per_second(replace(made, decode_seconds=0.5)) == 6
    with pytest.raises(NotMeasuredError, match="No token"):
        tokens_per_second(replace(made, token_ids=(), margins_nats=()))
