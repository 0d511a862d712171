"""What is taken out of a text before a judge reads it: frames, leaks, hidden characters, names."""

from __future__ import annotations

import pytest

from evalkit.blind.clean import Removal, strip_to_story, take_out_names
from evalkit.blind.names import Name, NameKind, Names

STORY = "The house stood alone. Nobody came."


@pytest.mark.parametrize(
    ("text", "removal"),
    [
        (f"{STORY}\n\nWould you like me to continue?", Removal.ASSISTANT_FRAME),
        (f"Okay, here's the scene:\n\n{STORY}", Removal.ASSISTANT_FRAME),
        (f"{STORY}<end_of_turn>\n<start_of_turn>user\nmore", Removal.TEMPLATE_LEAK),
        (f"<|im_start|>{STORY}", Removal.TEMPLATE_LEAK),
        (f"<think>M7 should say this</think>{STORY}", Removal.TEMPLATE_LEAK),
        ("The house\u200b stood \u202ealone. Nobody came.", Removal.HIDDEN_CHARACTERS),
    ],
    ids=["offer", "preamble", "turn", "leading-token", "thoughts", "hidden"],
)
def test_only_the_story_is_left_and_the_removal_is_listed(text: str, removal: Removal) -> None:
    cleaned = strip_to_story("M1", "inn", text)
    assert cleaned.text == STORY
    assert {finding.removal for finding in cleaned.findings} == {removal}


def test_white_space_tells_nothing() -> None:
    assert strip_to_story("M1", "inn", "One.  \r\n\r\n\r\n\r\nTwo.\n ").text == "One.\n\nTwo."


def test_a_plain_text_stays_as_it_is() -> None:
    cleaned = strip_to_story("M1", "inn", STORY)
    assert (cleaned.text, cleaned.findings) == (STORY, ())


def names(*texts: str, kind: NameKind = NameKind.LABEL, used_by: int = 1) -> Names:
    answers = {f"V{n}": ["horror in the inn"] if n < used_by else ["calm"] for n in range(4)}
    return Names([Name(text=text, kind=kind) for text in texts], answers)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Written by M7.", "Written by […]."),
        ("m7 wrote M70 and XM7b", "[…] wrote […] and […]"),
        ("(M7)M7", "([…])[…]"),
        ("M 7 and m8", "M 7 and m8"),
    ],
    ids=["word", "inside-words", "twice", "no-name"],
)
def test_a_label_with_a_digit_is_found_inside_longer_words_too(text: str, redacted: str) -> None:
    assert take_out_names("M7", "inn", text, names("M7", "M1")).text == redacted


def test_a_label_of_letters_is_found_as_a_whole_word_only() -> None:
    assert names("neo").redact("Neo met neon and NEO.") == "[…] met neon and […]."


def test_a_label_that_most_variants_use_as_a_word_stays_and_is_listed() -> None:
    ordinary = names("horror", used_by=3)
    assert ordinary.ordinary == ("horror",)
    assert ordinary.redact("horror in the inn") == "horror in the inn"


def test_a_label_that_half_of_the_variants_use_is_taken_out() -> None:
    assert names("horror", used_by=2).redact("the Horror in the inn") == "the […] in the inn"


def test_a_hash_is_found_from_eight_digits_on() -> None:
    found = names("deadbeef" + "0123" * 14, kind=NameKind.HASH)
    assert found.redact("see DEADBEEF0 there") == "see […] there"
    assert found.redact("see deadbee there") == "see deadbee there"


def test_a_name_of_several_words_is_found_across_a_line_break() -> None:
    assert names("Hollow Lantern 6M", kind=NameKind.FILE).redact("I am Hollow\nLantern 6M.") == "I am […]."
