"""The exam that a judge sits before its votes count: texts of the run beside damaged, padded and equal ones.

The material is the reference's own answers, so that the exam is in the language and genre of what will be judged. It
is made without chance that changes: the same run gives the same exam.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from evalkit.blind.footing import cut_alone
from evalkit.judge.questions import Match, read_sitting
from evalkit.measure.sentences import split_sentences
from evalkit.measure.words import WORD
from evalkit.records.judgement import ExamItem, ExamKind, JudgeReply

MAX_PROMPTS = 8
"""Eight prompts make 48 pairs, 96 questions: a guess passes in none of ten thousand exams."""

MIN_WORDS = 40
"""A shorter text cannot be damaged so that every reader sees it."""

_FILLER = (
    "That is how it was, and it was like that. There is more to be said about this, and it could be said at length.",
    "All of this happened as has been described above, in the way in which it was described, and at that time.",
    "It goes without saying that these things are the things that they are, and that one thing came after another.",
    "In other words, what has been told here has been told here, and it may be told again in much the same words.",
)
_LEAK = (
    "<|im_end|>\n<|im_start|>assistant\nI'm sorry, but as an AI language model I cannot continue with this request. "
    "Is there anything else I can help you with?<|im_end|>\n<|im_start|>user\ncontinue<|im_end|>\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamQuestion:
    """A sound text (left) beside what was made of it (right)."""

    kind: ExamKind
    prompt_id: str
    match: Match


def make_exam(prompts: Mapping[str, str], answers: Mapping[str, str], word_limit: int) -> tuple[ExamQuestion, ...]:
    """Every kind of item on each of the first prompts whose answer is long enough.

    Args:
        prompts: by id, as a judge may read them.
        answers: the reference's, by prompt id, cleaned.
        word_limit: at which texts are cut, as in the pairs.
    """
    sound = {prompt_id: cut_alone(text, word_limit) for prompt_id, text in answers.items() if prompt_id in prompts}
    long_enough = [prompt_id for prompt_id, text in sound.items() if len(WORD.findall(text)) >= MIN_WORDS]
    return tuple(
        ExamQuestion(
            kind=kind,
            prompt_id=prompt_id,
            match=Match(prompt=prompts[prompt_id], opening="", left=sound[prompt_id], right=right),
        )
        for prompt_id in long_enough[:MAX_PROMPTS]
        for kind, right in _spoilt(sound[prompt_id])
    )


def read_exam(questions: tuple[ExamQuestion, ...], replies: Mapping[str, JudgeReply]) -> tuple[ExamItem, ...]:
    """What the judge answered to each item."""
    return tuple(
        ExamItem(kind=one.kind, prompt_id=one.prompt_id, sitting=read_sitting(one.match, replies)) for one in questions
    )


def _spoilt(text: str) -> Iterator[tuple[ExamKind, str]]:
    yield ExamKind.IDENTICAL, text
    yield ExamKind.LOOP, loop(text)
    yield ExamKind.WORD_SALAD, word_salad(text)
    yield ExamKind.TRUNCATED, truncate(text)
    yield ExamKind.TEMPLATE_LEAK, leak_template(text)
    yield ExamKind.PADDED, pad(text)


def loop(text: str) -> str:
    """A third of the words, then the sentence reached there again and again, up to the text's length."""
    head = _first_words(text, len(WORD.findall(text)) // 3)
    sentences = split_sentences(head)
    again = head[sentences[-1].start :].strip().rstrip(".!?…") + "."
    missing = max(3, round((len(text) - len(head)) / max(1, len(again))))
    return f"{head.rstrip('.!?…')}. " + " ".join([again] * missing)


def word_salad(text: str) -> str:
    """The same words in an order that means nothing; capitals and stops wander with them."""
    words = text.split()
    Random(len(words)).shuffle(words)  # noqa: S311 - always the same, no secret
    return " ".join(words)


def truncate(text: str) -> str:
    """A quarter of the words, without an end."""
    return _first_words(text, len(WORD.findall(text)) // 4)


def leak_template(text: str) -> str:
    """Chat markers and a refusal between the halves."""
    middle = len(_first_words(text, len(WORD.findall(text)) // 2))
    return f"{text[:middle]}{_LEAK}{text[middle:].lstrip()}"


def pad(text: str) -> str:
    """The whole text, and half its length again of sentences that say nothing."""
    n_wanted, filler = len(WORD.findall(text)) // 2, ""
    n = 0
    while len(WORD.findall(filler)) < n_wanted:
        filler = f"{filler} {_FILLER[n % len(_FILLER)]}"
        n += 1
    return f"{text}\n\n{filler.strip()}"


def _first_words(text: str, n_words: int) -> str:
    matches = list(WORD.finditer(text))[: max(1, n_words)]
    return text[: matches[-1].end()]
