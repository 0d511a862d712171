"""Which questions a judge gets: the pairs of a kit, in both orders, and no name in any of them."""

from __future__ import annotations

import pytest

from evalkit.blind.names import Names
from evalkit.blind.pairs import clean_texts, list_pairs
from evalkit.judge.plan import plan_sittings, read_judgement
from evalkit.records.blind import Design
from evalkit.records.errors import UsageError
from tests.blind_kits import LABELS, PROMPTS, random_source, source_of
from tests.judge_samples import careful, plan, sit


@pytest.mark.parametrize("seed", range(20))
def test_no_question_names_a_variant_a_file_or_a_hash(seed: int) -> None:
    source = random_source(seed)
    made = plan_sittings(source, Design.ROBIN, 60)
    names = Names([name for name in source.names if name.text not in clean_texts(source).ordinary_names], {})
    for question in made.questions.values():
        assert list(names.find(question)) == []


def test_a_judge_is_asked_the_pairs_of_a_kit_as_people_see_them() -> None:
    from tests.blind_kits import random_texts

    source = source_of(random_texts(7))
    askable, _ = list_pairs(source, clean_texts(source), Design.ROBIN, 60)
    made = plan(Design.ROBIN)
    assert made.pairs == askable
    questions = list(made.questions.values())
    assert len(questions) == len(set(questions))
    for pair in askable:
        shown = [one for one in questions if pair.footing.a in one and pair.footing.b in one]
        assert len(shown) >= 2


def test_the_exam_comes_first() -> None:
    made = plan()
    first = list(made.questions.values())[: 2 * len(made.exam) - len(PROMPTS)]  # Identical texts have one question.
    assert all(any(one.match.left in question for one in made.exam) for question in first)


def test_equal_answers_leave_nothing_to_judge() -> None:
    texts = {(label, prompt): "The same words for all of them." for label in LABELS for prompt in PROMPTS}
    with pytest.raises(UsageError, match="no pair to judge"):
        plan_sittings(source_of(texts), Design.STAR, 60)


def test_no_human_judge_can_bear_the_name_of_a_model_judge() -> None:
    made = plan()
    judgement = read_judgement(made, sit(made, careful), model="x.gguf", payload_hash="0123456789abcdef" * 4)
    assert judgement.judge == "llm:01234567"
