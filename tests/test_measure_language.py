"""Only English prose is read, and only the story of it."""

import json

import pytest

from evalkit.measure.language import require_english
from evalkit.measure.passage import read_passage
from evalkit.measure.scored_part import find_scored_part
from evalkit.measure.scripts import count_letters
from evalkit.measure.tint_model import DATA_FOLDER
from evalkit.measure.words import LONGEST_TEXT, list_words
from evalkit.records.errors import NotMeasuredError
from tests.measure_samples import PUBLISHED

OTHER_LANGUAGES = {
    "German": "Das Gasthaus lag in Stille, und es war eine Stille aus drei Teilen. Der Wind hätte in den Bäumen "
    "geseufzt, wenn es einen Wind gegeben hätte, und so blieb die Stille im Haus, als ob sie auf etwas warten wollte.",
    "French": "L’auberge était plongée dans le silence, et c’était un silence en trois parties. Il n’y avait pas de "
    "vent dans les arbres, pas de voix dans la salle, et rien ne bougeait sur la route ce soir-là.",
    "Spanish": "La posada estaba en silencio, y era un silencio de tres partes. No había viento entre los árboles ni "
    "voces en la sala, y nada se movía por el camino aquella noche fría de otoño.",
    "Dutch": "De herberg lag in stilte, en het was een stilte in drie delen. Er was geen wind in de bomen en geen stem "
    "in de zaal, en over de weg kwam die nacht niets meer dan wat dorre bladeren.",
    "Swedish": "Värdshuset låg i tystnad, och det var en tystnad i tre delar. Det fanns ingen vind i träden och inga "
    "röster i salen, och ingenting rörde sig på vägen den natten när allt var över.",
    "Russian": "Трактир лежал в тишине, и это была тишина из трёх частей. Ветра не было, и голосов тоже не было.",
    "Chinese": "旅店里一片寂静,这寂静分为三个部分。没有风,也没有人声,夜色里什么都没有。",
    "words without sentences": "blood corpse dread terror scream grave ghost demon shadow tomb " * 5,
}


def english(text: str) -> None:
    require_english(text, list_words(text), "tint")


@pytest.mark.parametrize("text", OTHER_LANGUAGES.values(), ids=OTHER_LANGUAGES)
def test_other_languages_are_refused(text: str) -> None:
    with pytest.raises(NotMeasuredError, match="English"):
        english(text)


def test_all_english_prose_at_hand_passes() -> None:
    rows = [json.loads(line) for line in (DATA_FOLDER / "dev.jsonl").read_text("utf-8").splitlines()]
    for text in [*PUBLISHED.values(), *(row["text"] for row in rows)]:
        english(text)


@pytest.mark.parametrize(
    "text",
    ["Silence. Cold.", "She read the word тьма on the wall and did not know what it meant to her.",
     "**1. Echoes of the Heart** A widow buys a clock that lets her relive the night she met her husband, once."],
)  # fmt: skip
def test_short_and_slightly_mixed_texts_pass(text: str) -> None:
    english(text)


def test_letters_are_counted_by_script() -> None:
    assert count_letters("aé тьма 的 λ 5!") == {"LATIN": 2, "CYRILLIC": 4, "CJK": 1, "GREEK": 1}


STORY = "The rain stopped. She opened the door, and nobody was there."


@pytest.mark.parametrize(
    "offer",
    [
        " Do you want me to continue this scene?",
        "\n\nDo you want me to continue the story, perhaps focusing on a specific aspect or character?",
        "\n\nWould you like me to:\n\n* Continue the scene?\n* Describe Silas?\n* Change the mood?",
        "\n\n---\n\n**Would you like me to expand on any of these ideas?**",
        "\n\nLet me know if you'd like a darker version!",
        "\n\nTo help me refine these further, could you tell me:\n* What tone do you want?\n* How long?",
    ],
)
def test_a_closing_offer_is_not_scored(offer: str) -> None:
    start, end = find_scored_part(STORY + offer)
    assert (STORY + offer)[start:end].strip(" \n-*") == STORY


@pytest.mark.parametrize(
    "preamble", ["Okay, here's a continuation of the scene:\n\n", "Here are six plots:\n", "**Sure!** Here it is:\n"]
)
def test_an_opening_line_of_the_assistant_is_not_scored(preamble: str) -> None:
    start, end = find_scored_part(preamble + STORY)
    assert (preamble + STORY)[start:end] == STORY


@pytest.mark.parametrize(
    "text",
    [
        "“Would you like me to stay?” he asked. She did not answer.",
        "Would you like me to go? I thought. The door closed. Nobody spoke, and the rain went on all night.",
        STORY,
        "Okay, he thought: nobody is here.",
        "Do you want me to continue?",
        "Let me know if this is too dark.\n\nThe rain fell. It fell on the roof, and it fell on the grave.",
    ],
)
def test_a_story_is_scored_whole(text: str) -> None:
    assert find_scored_part(text) == (0, len(text))


def test_the_published_answers_offer_is_dropped_and_nothing_else() -> None:
    dropped = {label: text[find_scored_part(text)[1] :] for label, text in PUBLISHED.items()}
    assert {label for label, offer in dropped.items() if offer.strip()} == {
        label for label, text in PUBLISHED.items() if "Do you want me to" in text
    }
    assert dropped["M8"].strip().startswith("Do you want me to continue")


def test_sentences_point_into_the_whole_answer() -> None:
    text = "Okay, here it is:\n\n" + STORY
    passage = read_passage(text)
    assert [text[item.start : item.end] for item in passage.sentences] == [
        "The rain stopped.", "She opened the door, and nobody was there.",
    ]  # fmt: skip
    assert passage.windows == (STORY, STORY)


def test_windows_hold_the_neighbours_and_no_markup() -> None:
    assert read_passage("**One** came. _Two_ came. Three came. Four came.").windows == (
        "One came. Two came.", "One came. Two came. Three came.", "Two came. Three came. Four came.",
        "Three came. Four came.",
    )  # fmt: skip


def test_half_a_character_does_not_reach_the_embedder() -> None:
    assert read_passage("It came \ud83d and went.").windows == ("It came ? and went.",)


def test_a_text_beyond_the_limit_is_refused_with_its_length() -> None:
    assert read_passage("The rain fell. " * (LONGEST_TEXT // 15)).windows
    with pytest.raises(NotMeasuredError, match="200,001 characters"):
        read_passage("a" * (LONGEST_TEXT + 1))


@pytest.mark.parametrize("text", ["", "…", "🙂" * 1000])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(NotMeasuredError, match="no word"):
        read_passage(text)
