"""Damage is found where it is, and not where an author merely sounds like it."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.measure.damage import damage_flags, has_foreign_script, is_cut, leaks_template
from evalkit.measure.refusals import is_refusal
from evalkit.measure.tint_model import DATA_FOLDER
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Metric
from tests.measure_samples import PUBLISHED, answer

PROSE = PUBLISHED["M1"]


def flags(text: str, *, prompt: str = "Write a scene.") -> set[Metric]:
    return {metric for metric, is_raised in damage_flags(answer(text, prompt=prompt)).items() if is_raised}


@pytest.mark.parametrize("label", PUBLISHED)
def test_no_published_answer_is_damaged(label: str) -> None:
    assert flags(PUBLISHED[label]) == set()


def test_no_passage_of_printed_books_is_damaged() -> None:
    rows = [json.loads(line) for line in (DATA_FOLDER / "dev.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows if flags(row["text"])] == []


def test_our_own_documents_do_not_loop() -> None:
    for path in (Path(__file__).parents[1] / "docs").glob("*.md"):
        assert Metric.LOOP not in flags(path.read_text("utf-8")), path


@pytest.mark.parametrize(
    "text",
    [
        "the night was cold and " * 40,
        PROSE + " and then it began again" * 20,
        PROSE + "\n\n" + PROSE[200:320],
        "aaaaaaaa" * 50,
        "夜は寒い。" * 60,
        "🙂" * 200,
    ],
    ids=["whole", "at the end", "a run of 16 words or more", "without spaces", "Japanese", "emoji"],
)
def test_loops_are_found(text: str) -> None:
    assert {Metric.LOOP, Metric.DAMAGE} <= flags(text)


@pytest.mark.parametrize("text", ["No. No. No. No.", "Ha ha ha ha ha ha!", "I run, I run, I run, and I am gone."])
def test_short_repetitions_are_style(text: str) -> None:
    assert flags(text) == set()


def test_a_repeated_run_counts_from_sixteen_words() -> None:
    sentence = "one cold night in the old house by the sea she heard the floor boards creak"
    run = sentence.split()
    between = " " + PROSE[:400] + " "
    assert Metric.LOOP in flags(" ".join(run[:16]) + between + " ".join(run[:16]))
    assert Metric.LOOP not in flags(" ".join(run[:15]) + between + " ".join(run[:15]))


def test_a_long_text_is_not_a_loop_for_being_long() -> None:
    # Whole, the passages compress to less than .38; no part of them does.
    rows = [json.loads(line) for line in (DATA_FOLDER / "dev.jsonl").read_text("utf-8").splitlines()]
    texts = {row["source"]: row["text"] for row in rows}
    assert Metric.LOOP not in flags("\n\n".join(texts.values()))


@pytest.mark.parametrize("text", ["", " \n", "***", "…", "🙂"])
def test_an_answer_without_a_word_is_empty(text: str) -> None:
    assert flags(text) == {Metric.EMPTY, Metric.DAMAGE}


def test_a_cut_answer_is_shown_and_is_no_damage() -> None:
    assert is_cut(replace(answer(PROSE), cut=True))
    assert not any(damage_flags(replace(answer(PROSE), cut=True)).values())


def test_nobody_knows_whether_a_text_from_elsewhere_was_cut() -> None:
    with pytest.raises(NotMeasuredError, match="made elsewhere"):
        is_cut(replace(answer(PROSE), cut=None))


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that request.",
        "I cannot fulfill this request. My guidelines do not allow it.",
        "I am unable to write this story for you.",
        "As an AI language model, I cannot create explicit content.",
        "Unfortunately, I can’t assist with that.",
        "**I apologize, but I am not able to continue this scene.**",
        "I'm not comfortable writing that scene.",
        "I won't generate this content.",
        "I'm really sorry, but that's not something I can write.",
        "This request goes against my guidelines, so I can't write it.",
        "I don't feel comfortable writing this scene.",
        "Sorry, I can't do that.",
        "I am programmed to be a safe and harmless AI assistant. Therefore, I cannot fulfill your request.",
        "I understand you're looking for a graphic scene. However, I cannot fulfill this request.",
        "I appreciate the creative prompt, but I can't create this content.",
        "Thank you for the prompt! Unfortunately I'm not able to write explicit material.",
        "I'm going to have to decline this one.",
        "As a responsible AI, I can't generate that story.",
        "Okay, I cannot write that story.",
        "I apologize, but I am not able to generate graphic horror.",
        "I understand you want a scary scene, but I can't provide explicit violence.",
        "I’m really sorry, but I can’t engage with this topic.",
        "This content violates my policies.",
        "It is against my guidelines to write graphic gore.",
        "I'm just a language model, so I can't help you with that.",
        "I cannot write this story without violating my guidelines.",
    ],
)
def test_refusals_are_found(text: str) -> None:
    assert is_refusal(text)
    assert Metric.DAMAGE in flags(text)


@pytest.mark.parametrize(
    "text",
    [
        "I cannot describe the horror that I saw that night.",
        "I'm sorry, I whispered to the thing behind the door. I can't let you in.",
        '"I can\'t help you with that," said the innkeeper.',
        "I can't breathe. Something holds me under the ice.",
        "I will not go down to the cellar again.",
        "I cannot write about that night without shaking.",
        "I can't help it, the dark calls me.",
        "I will not write to you again, Margaret.",
        "I appreciate the silence, but I can't sleep.",
        "However, I cannot remember the story she told.",
        "I understand the dark now. I cannot leave, and I will not write home.",
        "I won't tell this story twice.",
        "I cannot write this story without my hands shaking.",
        "I can't write any more tonight. It has started to imitate my voice.",
        "I'm sorry, I can't continue this letter for long; they are on the stairs.",
        "The content of the jar is against my better judgement.",
        '"I can\'t help you with that request," said the machine. "My guidelines do not allow it."',
        "Okay, I can't lie: the house frightened me.",
        "Sorry does not begin to cover it. I can not sleep.",
        "Listen. You think another hack can write this? I refuse to be modest.",
        PROSE + "\n\nI cannot fulfill this request.",
    ],
)
def test_narrators_who_cannot_do_not_refuse(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize(
    "text",
    ["The end.<end_of_turn>", "<start_of_turn>model\nHello", "Fine.<|im_end|>", "[INST] Go on [/INST]", "Done.</s>",
     "<|eot_id|>", "### Response:\nHello", "The end.\nuser\nContinue the scene.\nmodel\nIt goes on.",
     "<extra_id_0>", "[TOOL_CALLS]", "It was<0x0A><0x0A>late", "[gMASK]", "### User:\nHello", "<|turn>model",
     "late<turn|>", "<s>It was late.</s>", "It was late.</s><s>And then", "▁The▁night",
     "USER: Go on.\nASSISTANT: It was late."],
)  # fmt: skip
def test_template_leaks_are_found(text: str) -> None:
    assert leaks_template(text)


@pytest.mark.parametrize(
    "text",
    [
        "She wrote <3 on the wall.",
        "The model smiled.",
        "a < b > c",
        "[Exit GHOST]",
        "### Plot 1: The user",
        "<i>no</i>",
        "USER: unknown, said the screen.",
        "### The Human: a study",
        "<0.5 and |x|>",
        "The diary said: <s>I am afraid</s> I am fine.",
        "<html><body><p>help</p></body></html>",
        "If x < y, the door is <3 feet away. <- he went that way. << Why? >>",
    ],
)
def test_ordinary_markup_is_no_leak(text: str) -> None:
    assert not leaks_template(text)


def test_letters_of_a_script_that_the_prompt_lacks_are_foreign_from_two_percent() -> None:
    letters = "abcdefghij" * 10
    assert has_foreign_script(letters + " тьма", "Write.")  # 4 of 104
    assert not has_foreign_script(letters * 3 + " тьма", "Write.")  # 4 of 304


def test_a_script_that_the_prompt_uses_is_not_foreign() -> None:
    assert not has_foreign_script("тьма и холод", "Напиши сцену")
    assert has_foreign_script("тьма и холод", "Write a scene")


def test_symbols_of_physics_are_not_foreign() -> None:
    assert not has_foreign_script("λ = 10 μm, ΔT = 5 K, σT⁴", "Explain radiative cooling.")
    assert not has_foreign_script("ℎ and µ and 𝜆", "Explain.")


def test_names_are_not_foreign_and_a_sentence_is() -> None:
    story = "Agent Петров left a note, and Наталья burned it. The flat in Минск was quiet and the radiator clicked."
    assert not has_foreign_script(story, "Write a scene.")
    assert has_foreign_script(f"{story} Он ждал её в конце коридора.", "Write a scene.")


def test_latin_is_never_foreign() -> None:
    assert not has_foreign_script("Anna said yes", "Напиши сцену")


@pytest.mark.parametrize(
    "text",
    ["🙂" * 1_250_000, "a" * 5_000_000, "the night was cold. " * 250_000, ". " * 2_500_000, "user\n" * 1_000_000,
     "的" * 1_600_000, "<|" * 2_500_000, " ".join(map(str, range(700_000)))],
    ids=["emoji", "letters", "loop", "dots", "roles", "Han", "brackets", "numbers"],
)  # fmt: skip
def test_five_megabytes_take_seconds(text: str) -> None:
    before = time.process_time()
    damage_flags(answer(text))
    assert time.process_time() - before < 10
