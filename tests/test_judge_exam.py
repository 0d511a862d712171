"""The exam: its texts are what they are called, a careful reader passes, and every known vice fails."""

from __future__ import annotations

from collections import Counter

import pytest
from scipy.stats import binom

from evalkit.judge.exam import leak_template, loop, make_exam, pad, truncate, word_salad
from evalkit.judge.marks import NEEDED, mark_exam
from evalkit.judge.plan import read_judgement
from evalkit.records.judgement import Criterion, Exam, ExamKind
from tests.judge_samples import always_first, careful, longer, plan, sit

TEXT = (
    "The inn lay in silence, and it was a silence of three parts. The most obvious part was a hollow, echoing quiet. "
    "If there had been a wind it would have sighed through the trees. If there had been a crowd, it would have filled "
    "the room with talk and laughter. There was none of these things, and so the silence remained."
)


def exam_of(say) -> Exam:
    made = plan()
    return read_judgement(made, sit(made, say), model="judge.gguf", payload_hash="ab" * 32).exam


def missed(exam: Exam) -> set[Criterion]:
    return {mark.criterion for mark in exam.marks if not mark.is_passed}


def test_a_loop_says_one_sentence_again_and_again() -> None:
    (sentence, n), *_ = Counter(loop(TEXT).split(". ")).most_common()
    assert n >= 3
    assert sentence.rstrip(".") in TEXT


def test_a_salad_has_the_same_words_in_another_order() -> None:
    assert sorted(word_salad(TEXT).split()) == sorted(TEXT.split())
    assert word_salad(TEXT) != TEXT


def test_a_truncated_text_is_a_quarter_and_breaks_off() -> None:
    assert TEXT.startswith(truncate(TEXT))
    assert len(truncate(TEXT).split()) == len(TEXT.split()) // 4
    assert not truncate(TEXT).endswith((".", "!", "?"))


def test_a_leak_stands_between_the_whole_halves() -> None:
    before, after = leak_template(TEXT).split("<|im_end|>", 1)
    assert TEXT.startswith(before)
    assert TEXT.endswith(after.rsplit("\n", 1)[1])
    assert "I cannot continue" in after


def test_padding_keeps_the_text_and_adds_half_its_words() -> None:
    padded = pad(TEXT)
    assert padded.startswith(TEXT)
    n = len(TEXT.split())
    assert 1.5 * n <= len(padded.split()) < 1.5 * n + 25


def test_texts_too_short_to_be_damaged_make_no_exam_and_nobody_passes_it() -> None:
    questions = make_exam({"inn": "Tell."}, {"inn": "Too short."}, 60)
    assert questions == ()
    exam = mark_exam(())
    assert not exam.is_fit
    assert len(missed(exam)) == len(NEEDED)


def test_the_exam_has_every_kind_on_every_prompt() -> None:
    kinds = Counter(question.kind for question in plan().exam)
    assert kinds == dict.fromkeys(ExamKind, 4)


def test_a_careful_reader_is_fit() -> None:
    exam = exam_of(careful)
    assert exam.is_fit
    assert {mark.share for mark in exam.marks} == {1.0}


def test_who_always_names_the_first_text_is_unfit() -> None:
    found = missed(exam_of(always_first))
    assert found == {Criterion.IDENTICAL, Criterion.STEADY, Criterion.DAMAGE, Criterion.BLIND_SPOT}


def test_who_names_the_longer_text_takes_the_bait() -> None:
    assert Criterion.PADDED in missed(exam_of(longer))


def test_who_calls_everything_a_tie_sees_no_damage() -> None:
    assert missed(exam_of(lambda *_: "tie")) == {Criterion.DAMAGE, Criterion.BLIND_SPOT}


@pytest.mark.parametrize("kind", [ExamKind.LOOP, ExamKind.WORD_SALAD, ExamKind.TRUNCATED, ExamKind.TEMPLATE_LEAK])
def test_three_kinds_of_damage_cannot_make_up_for_a_fourth(kind: ExamKind) -> None:
    def say(match, exam, swapped) -> str:
        return "tie" if exam is not None and exam.kind is kind else careful(match, exam, swapped)

    assert Criterion.BLIND_SPOT in missed(exam_of(say))


def test_who_invents_winners_among_equal_texts_is_unfit() -> None:
    def say(match, exam, swapped) -> str:
        return "A" if exam is not None and exam.kind is ExamKind.IDENTICAL else careful(match, exam, swapped)

    assert missed(exam_of(say)) == {Criterion.IDENTICAL}


def test_replies_that_cannot_be_read_count_as_missed() -> None:
    made = plan()
    exam = read_judgement(made, {}, model="judge.gguf", payload_hash="ab" * 32).exam
    assert missed(exam) == set(Criterion)


def test_a_guess_passes_as_seldom_as_the_module_says() -> None:
    assert binom.sf(25, 32, 1 / 9) < 1e-18
    assert binom.sf(6, 8, 1 / 9) == pytest.approx(1.5e-6, rel=0.01)
