"""What a judge is asked and how its reply is read: sides put back, nothing guessed, nothing dropped."""

from __future__ import annotations

import json

import pytest

from evalkit.judge.questions import GRAMMAR, MAX_TOKENS, Match, question_hash, read_reply, read_sitting
from evalkit.records.blind import Darker, Outcome
from evalkit.records.judgement import JudgeReply
from tests.judge_samples import reply

MATCH = Match(prompt="Tell of an inn.", opening="Rain.", left="The left text.", right="The right text.")


def sitting(first: str, swapped: str, darker: tuple[str, str] = ("same", "same")):
    asked, turned = MATCH.questions
    replies = [reply(asked, first, darker[0]), reply(turned, swapped, darker[1])]
    return read_sitting(MATCH, {one.question_hash: one for one in replies})


def test_the_second_question_shows_the_same_texts_with_sides_swapped() -> None:
    asked, turned = MATCH.questions
    assert asked.index("The left text.") < asked.index("The right text.")
    assert turned.index("The right text.") < turned.index("The left text.")
    assert sorted(asked) == sorted(turned)
    assert asked.count("Rain.") == 1


@pytest.mark.parametrize(
    ("first", "swapped", "verdict", "steady", "swayed"),
    [
        ("A", "B", Outcome.LEFT, True, False),
        ("B", "A", Outcome.RIGHT, True, False),
        ("A", "A", Outcome.TIE, False, True),
        ("B", "B", Outcome.TIE, False, True),
        ("A", "tie", Outcome.TIE, False, False),
        ("tie", "both_bad", Outcome.TIE, True, False),
        ("both_bad", "both_bad", Outcome.BOTH_BAD, True, False),
    ],
)
def test_both_orders_make_one_verdict_and_disagreement_is_a_tie(
    first: str, swapped: str, verdict: Outcome, steady: bool, swayed: bool
) -> None:
    found = sitting(first, swapped)
    assert (found.better, found.is_steady, found.is_swayed) == (verdict, steady, swayed)


def test_darker_is_put_back_and_a_disagreement_is_the_same() -> None:
    assert sitting("tie", "tie", ("A", "B")).darker is Darker.LEFT
    assert sitting("tie", "tie", ("A", "A")).darker is Darker.SAME


@pytest.mark.parametrize("raw", ["", "A", '{"better": "A"}', '{"better": "C", "darker": "A"}', "[" * 9999, "[1]"])
def test_what_is_no_verdict_is_kept_and_not_guessed(raw: str) -> None:
    found = read_reply(JudgeReply(question_hash="", raw=raw, problem=""))
    assert found.better is None
    assert found.raw == raw
    assert found.problem == "the reply is no verdict"


def test_a_question_without_reply_is_unreadable_and_says_why() -> None:
    found = read_sitting(MATCH, {})
    assert found.better is None
    assert not found.is_readable
    assert not found.is_steady
    assert not found.is_swayed
    assert found.first.problem == "not answered yet"


def test_another_text_is_another_question() -> None:
    assert question_hash("one") != question_hash("two")


def test_the_longest_reply_of_the_grammar_fits_in_bytes() -> None:
    assert len(json.dumps({"better": "both_bad", "darker": "same"})) <= MAX_TOKENS
    assert GRAMMAR.startswith("root ::=")
