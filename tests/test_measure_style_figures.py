"""Figures of style, counted by hand on small texts."""

from __future__ import annotations

import statistics

import pytest

from evalkit.measure.rhythm import fragment_share, has_finite_verb, length_sd, mean_length
from evalkit.measure.style import STYLE_TEXT_METRICS, style_figures
from evalkit.measure.voice import dialogue_share, person_shares, without_speech
from evalkit.measure.wording import cliche_rate, contrast_rate, mattr, sense_rates
from evalkit.measure.words import list_words
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Metric
from tests.measure_samples import PUBLISHED


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ('"Run," she said.', 1 / 3),
        ("“Run,” she said.", 1 / 3),
        ("She said nothing at all.", 0),
        ("“Run all day.”", 1),
        ("“This runs on.\n\n“And on,” he said.", 5 / 7),
        ("It's the dogs' bowl, isn't it?", 0),
        ('A 5" nail', 1 / 3),
    ],
)
def test_dialogue_is_what_stands_in_double_quotation_marks(text: str, share: float) -> None:
    assert dialogue_share(text, list_words(text)) == pytest.approx(share)


def test_person_is_counted_outside_speech() -> None:
    text = "“I love you,” he told her. He left. They wept, and we watched them. I'd seen you."
    # he her he they | we i | them | you -> first 2, second 1, third 5
    assert person_shares(list_words(without_speech(text))) == pytest.approx({1: 2 / 8, 2: 1 / 8, 3: 5 / 8})


def test_person_needs_five_pronouns() -> None:
    with pytest.raises(NotMeasuredError, match="stand 4 personal pronouns"):
        person_shares(list_words("He saw her. I saw you. It rained."))


def test_sentence_lengths() -> None:
    sentences = ["One two three.", "One.", "One two three four five."]
    assert mean_length(sentences) == 3
    assert length_sd(sentences) == pytest.approx(statistics.stdev([3, 1, 5]))
    with pytest.raises(NotMeasuredError, match="2 sentences"):
        mean_length(sentences[:2])


@pytest.mark.parametrize(
    "sentence",
    ["The door creaks.", "Something moved.", "It's cold.", "Run.", "They breathe.", "The walls breathe.", "He'd gone.",
     "There was nothing.", "Nobody answers.", "I fear it.", "Look at me."],
)  # fmt: skip
def test_sentences_have_a_finite_verb(sentence: str) -> None:
    assert has_finite_verb(list_words(sentence))


@pytest.mark.parametrize(
    "sentence",
    ["Silence.", "A long, cold night.", "Walking home alone.", "The man's hand.", "Just the dark.", "Nothing but dust.",
     "No light, no sound.", "To sleep, perhaps.", "The smell of rot.", "A hundred red doors."],
)  # fmt: skip
def test_fragments_have_none(sentence: str) -> None:
    assert not has_finite_verb(list_words(sentence))


def test_fragments_are_a_share_of_sentences() -> None:
    assert fragment_share(["Silence.", "It was cold.", "A long night.", "He slept."]) == 0.5


def test_words_of_the_senses_are_rates_of_their_lists() -> None:
    words = list_words("The scent of smoke, a whisper, a bitter taste, cold hands and a pale glow in the hall")
    rates = sense_rates(words)
    n = len(words)
    assert rates["smell_words"] == pytest.approx(1000 / n)
    assert rates["sound_words"] == pytest.approx(1000 / n)
    assert rates["taste_words"] == pytest.approx(2000 / n)
    assert rates["touch_words"] == pytest.approx(1000 / n)
    assert rates["sight_words"] == pytest.approx(2000 / n)


@pytest.mark.parametrize(
    "text",
    ["It was not a sound but a silence.", "It wasn’t a voice. It was a wound.",
     "The house is not empty; it is waiting.",
     "This isn't just a story—it's a warning.", "A promise, not a threat.", "Not just of grief, but of hunger."],
)  # fmt: skip
def test_contrast_patterns_are_found(text: str) -> None:
    assert contrast_rate(text, list_words(text)) == pytest.approx(1000 / len(list_words(text)))


@pytest.mark.parametrize(
    "text",
    ["I could not see but I heard it.", "It was not cold.", "He did not run but walked.",
     "It wasn't late. The bell rang.", "She was not there. Nobody was."],
)  # fmt: skip
def test_plain_negation_is_no_contrast(text: str) -> None:
    assert contrast_rate(text, list_words(text)) == 0


def test_cliches_count_once_where_they_overlap() -> None:
    words = list_words("A shiver ran down her spine, and the silence was deafening.")
    # "shiver ran down" and "ran down her spine" overlap.
    assert cliche_rate(words) == pytest.approx(2000 / len(words))
    assert cliche_rate(list_words("He ran down the hill")) == 0


def test_mattr_equals_a_slow_count_of_every_window() -> None:
    words = list_words(PUBLISHED["M1"])
    slow = [len(set(words[start : start + 100])) / 100 for start in range(len(words) - 99)]
    assert mattr(words) == pytest.approx(statistics.fmean(slow))
    assert mattr([str(n) for n in range(100)]) == 1
    with pytest.raises(NotMeasuredError, match="99 words"):
        mattr(words[:99])


def test_every_figure_of_a_published_text_is_measured() -> None:
    found = style_figures(PUBLISHED["M5"])
    assert set(found) == set(STYLE_TEXT_METRICS)
    assert all(figure.value is not None for figure in found.values())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Too short.", "only 2 words"),
        ("", "no word"),
        ("Es war einmal eine alte Frau, die hatte einen Hund. " * 5, "English"),
    ],
)
def test_what_is_no_english_prose_has_no_style_and_says_why(text: str, why: str) -> None:
    assert all(why in (figure.reason or "") for figure in style_figures(text).values())


def test_the_assistants_closing_offer_is_no_part_of_the_style() -> None:
    story = PUBLISHED["M3"]
    offered = f"{story}\n\nWould you like me to continue?"
    assert style_figures(offered)[Metric.SECOND_PERSON] == style_figures(story)[Metric.SECOND_PERSON]
