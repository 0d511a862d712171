"""The child's side of a judge: every reply is the likeliest that the grammar allows, token by token.

llama.cpp's grammar sampler says which tokens may come next; the highest logit among them is taken. The sampler would
throw through C on a token that it does not allow, so a dead end is seen here and told as a problem of that reply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from evalkit.engine.chat_template import render_chat
from evalkit.engine.greedy import Logits
from evalkit.engine.judge_protocol import JudgeAnswered, JudgeJob
from evalkit.engine.memory import Memory, Run
from evalkit.engine.protocol import Loading
from evalkit.records.errors import EngineError

if TYPE_CHECKING:
    from evalkit.engine.llama import LlamaModel

Send = Callable[[Any], None]

_PLACE = "THE-QUESTION-STANDS-HERE"
_N_CTX_STEP = 256


class Vocabulary(Protocol):
    """What a prompt needs of a model."""

    @property
    def bos(self) -> str:
        """The beginning-of-sequence token as text."""

    @property
    def eos(self) -> str:
        """The end-of-sequence token as text."""

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Text to token ids."""


def judge_questions(job: JudgeJob, send: Send) -> None:
    """Load the judge and answer every question.

    Raises:
        EngineError: the model is refused, its template has no place for a question, or the grammar is malformed.
    """
    from evalkit.engine.llama import LlamaModel, LogTail

    model = LlamaModel(
        job.path, job.settings, LogTail(), lambda fraction: send(Loading(label=job.path.name, fraction=fraction))
    )
    prompts = {one.question_hash: prompt_tokens(one.text, job.template, model) for one in job.questions}
    room = job.n_ctx_train or max(map(len, prompts.values())) + job.max_tokens
    fitting = [len(tokens) for tokens in prompts.values() if len(tokens) + job.max_tokens <= room]
    n_needed = max(fitting, default=0) + job.max_tokens
    memory = model.open_context(-(-n_needed // _N_CTX_STEP) * _N_CTX_STEP, 1, job.settings)
    for question_hash, tokens in prompts.items():
        if len(tokens) + job.max_tokens > room:
            raw, problem = "", f"the question has {len(tokens)} tokens; the judge was trained for {room}"
        else:
            raw, problem = _reply(tokens, model, memory, job)
        send(JudgeAnswered(question_hash=question_hash, raw=raw, problem=problem))


def prompt_tokens(text: str, template: str | None, vocabulary: Vocabulary) -> list[int]:
    """The question as the judge reads it; chat markers in the texts to be judged stay text.

    Raises:
        EngineError: the template does not show the user's turn as it is.
    """
    if template is None:
        return vocabulary.tokenize(text, add_special=True, parse_special=False)
    rendered = render_chat(template, user=_PLACE, system=None, bos=vocabulary.bos, eos=vocabulary.eos)
    before, place, after = rendered.partition(_PLACE)
    if not place or _PLACE in after:
        raise EngineError("the judge's chat template does not show a user's turn as it was written: take another.")
    add_bos = not (vocabulary.bos and before.startswith(vocabulary.bos))
    return [
        *vocabulary.tokenize(before, add_special=add_bos, parse_special=True),
        *vocabulary.tokenize(text, add_special=False, parse_special=False),
        *vocabulary.tokenize(after, add_special=False, parse_special=True),
    ]


def _reply(prompt: list[int], model: LlamaModel, memory: Memory, job: JudgeJob) -> tuple[str, str]:
    """(what was said, why it is not whole)"""
    memory.clear()
    position, rows = 0, list[Logits]()
    while position < len(prompt):
        part = prompt[position : position + job.settings.n_batch]
        is_last = position + len(part) == len(prompt)
        wanted = range(len(part) - 1, len(part)) if is_last else range(0)
        rows = memory.decode([Run(sequence=0, position=position, token_ids=part, wanted=wanted)])
        position += len(part)
    said: list[int] = []
    with model.open_grammar(job.grammar) as grammar:
        while len(said) < job.max_tokens:
            token_id = grammar.choose(rows[0])
            if token_id is None:
                return model.text_of(said), "no token of the judge's vocabulary goes on within the grammar"
            if model.ends_turn(token_id):
                return model.text_of(said), ""
            said.append(token_id)
            rows = memory.decode([Run(sequence=0, position=position, token_ids=[token_id], wanted=range(1))])
            position += 1
    return model.text_of(said), f"not finished after {job.max_tokens} tokens"
