"""A suite's prompts as one variant reads them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Protocol

from evalkit.engine.chat_template import render_chat
from evalkit.engine.protocol import VariantJob
from evalkit.records.errors import EngineError
from evalkit.records.generation import TemplateSource
from evalkit.records.suite import Prompt


class Vocabulary(Protocol):
    """What preparing a prompt needs of a model."""

    @property
    def bos(self) -> str:
        """The beginning-of-sequence token as text."""

    @property
    def eos(self) -> str:
        """The end-of-sequence token as text."""

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Text to token ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPrompt:
    """A prompt, rendered and tokenized."""

    prompt: Prompt
    token_ids: tuple[int, ...]
    template_source: TemplateSource

    @property
    def tokens_hash(self) -> str:
        """sha256 over the token ids, hex."""
        return hashlib.sha256(json.dumps(self.token_ids).encode()).hexdigest()

    @property
    def n_positions(self) -> int:
        """Positions that the prompt and its longest answer take."""
        return len(self.token_ids) + self.prompt.max_tokens


def prepare_prompts(job: VariantJob, model: Vocabulary) -> dict[str, PreparedPrompt]:
    """The prompts of the job's cells, by id.

    Raises:
        EngineError: one cannot be rendered, or does not fit into the model's training context.
    """
    wanted = {cell.prompt_id for cell in job.cells}
    prepared = {prompt.id: prepare_prompt(job, prompt, model) for prompt in job.suite.prompts if prompt.id in wanted}
    for one in prepared.values():
        if job.n_ctx_train is not None and one.n_positions > job.n_ctx_train:
            raise EngineError(
                f"prompt {one.prompt.id} and its answer need {one.n_positions} positions ({len(one.token_ids)} + "
                f"{one.prompt.max_tokens}); the model was trained for {job.n_ctx_train}. Lower --max-tokens."
            )
    return prepared


def prepare_prompt(job: VariantJob, prompt: Prompt, model: Vocabulary) -> PreparedPrompt:
    """Render and tokenize one prompt the way this variant's users would have it.

    A template writes BOS itself; the tokenizer adds one only where the template did not, or it would stand twice.
    """
    template = job.own_template or job.reference_template
    if template is None:
        text = f"{job.suite.system}\n\n{prompt.text}" if job.suite.system else prompt.text
        token_ids = model.tokenize(text, add_special=True, parse_special=False)
        source = TemplateSource.NONE
    else:
        text = render_chat(template, user=prompt.text, system=job.suite.system, bos=model.bos, eos=model.eos)
        add_bos = not (model.bos and text.startswith(model.bos))
        token_ids = model.tokenize(text, add_special=add_bos, parse_special=True)
        source = TemplateSource.OWN if job.own_template else TemplateSource.REFERENCE
    if not token_ids:
        raise EngineError(f"prompt {prompt.id} has no token in this variant's vocabulary.")
    return PreparedPrompt(prompt=prompt, token_ids=tuple(token_ids), template_source=source)
