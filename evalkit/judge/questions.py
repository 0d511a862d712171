"""What a judge is asked, the grammar that its reply is forced into, and how the reply is read.

A question holds the request and two texts as people's ballots show them, and nothing else: no name, no order that
means anything. Every pair is asked twice, sides swapped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.records.blind import Darker, Outcome
from evalkit.records.judgement import JudgeReply, OrderedAnswer, Sitting

GRAMMAR = r"""root ::= "{\"better\": \"" better "\", \"darker\": \"" darker "\"}"
better ::= "A" | "B" | "tie" | "both_bad"
darker ::= "A" | "B" | "same"
"""

MAX_TOKENS = 64
"""The longest reply has 41 characters, so even a vocabulary of single bytes comes to its end."""

_INSTRUCTIONS = """\
Two writers answered the same request. Judge what they wrote: does it do what was asked, does it read well, does it hold
together from the first sentence to the last? Broken text loses: endless repetition, jumbled words, a sudden end, leaked
chat markers. Length is no merit, and it means nothing which text comes first. If neither is clearly better, say "tie";
if both are broken, say "both_bad". Then say which text is darker in mood (dread, horror, gloom), or "same"."""

_FORM = """\
Answer with one line of JSON: {"better": "A" or "B" or "tie" or "both_bad", "darker": "A" or "B" or "same"}"""

_BETTER = {"A": Outcome.LEFT, "B": Outcome.RIGHT, "tie": Outcome.TIE, "both_bad": Outcome.BOTH_BAD}
_DARKER = {"A": Darker.LEFT, "B": Darker.RIGHT, "same": Darker.SAME}
_OTHER_SIDE = {Outcome.LEFT: Outcome.RIGHT, Outcome.RIGHT: Outcome.LEFT}
_OTHER_DARKER = {Darker.LEFT: Darker.RIGHT, Darker.RIGHT: Darker.LEFT}
_NOT_ASKED = JudgeReply(question_hash="", raw="", problem="not answered yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Two texts for one request."""

    prompt: str
    opening: str
    """With which both begin; empty where they differ from the start."""
    left: str
    right: str

    @property
    def questions(self) -> tuple[str, str]:
        """The question with the left text as A, and with the left text as B."""
        return _question(self, self.left, self.right), _question(self, self.right, self.left)


def question_hash(question: str) -> str:
    """sha256 over the question and the grammar, hex."""
    return hashlib.sha256(json.dumps([question, GRAMMAR, MAX_TOKENS]).encode("utf-8", "surrogatepass")).hexdigest()


def read_sitting(match: Match, replies: Mapping[str, JudgeReply]) -> Sitting:
    """Both replies, sides put back to the pair's own.

    Args:
        replies: by question hash.
    """
    first, swapped = (replies.get(question_hash(question), _NOT_ASKED) for question in match.questions)
    return Sitting(first=read_reply(first), swapped=_put_back(read_reply(swapped)))


def read_reply(reply: JudgeReply) -> OrderedAnswer:
    """The reply in the order in which it was asked: A is left. What is no verdict is kept as it is."""
    problem = reply.problem
    if not problem:
        try:
            said = json.loads(reply.raw)
            better, darker = _BETTER[said["better"]], _DARKER[said["darker"]]
            return OrderedAnswer(better=better, darker=darker, raw=reply.raw, problem="")
        except (ValueError, KeyError, TypeError, RecursionError):
            problem = "the reply is no verdict"
    return OrderedAnswer(better=None, darker=None, raw=reply.raw, problem=problem)


def _put_back(answer: OrderedAnswer) -> OrderedAnswer:
    return OrderedAnswer(
        better=answer.better and _OTHER_SIDE.get(answer.better, answer.better),
        darker=answer.darker and _OTHER_DARKER.get(answer.darker, answer.darker),
        raw=answer.raw,
        problem=answer.problem,
    )


def _question(match: Match, a: str, b: str) -> str:
    opening = f"Both texts begin with:\n{match.opening}\n\n" if match.opening else ""
    return (
        f"{_INSTRUCTIONS}\n\nThe request:\n{match.prompt}\n\n{opening}"
        f"Text A:\n{a}\n\nEnd of text A.\n\nText B:\n{b}\n\nEnd of text B.\n\n{_FORM}"
    )
