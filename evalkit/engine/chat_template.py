"""Renders a GGUF's own chat template: a stranger's Jinja program, so it runs in a sandbox, in the child process.

Two readings of one template would give two prompts, so the surroundings follow Hugging Face's: trimmed blocks,
loop controls, `raise_exception`, `tojson` without HTML escapes. `strftime_now` answers with one fixed day: with
today's date the same command would ask another question tomorrow.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any, NoReturn

from evalkit.records.errors import EngineError

TEMPLATE_DATE = date(2026, 1, 1)


def render_chat(template: str, *, user: str, system: str | None, bos: str, eos: str) -> str:
    """One user turn, ready for the model to answer.

    Templates without a system role raise on one, or drop it silently; then the system prompt goes in front of
    the user's text, which is what such templates' publishers do themselves.

    Raises:
        EngineError: the template is not valid Jinja, leaves the sandbox, or refuses a plain user turn.
    """
    if system is not None:
        rendered = _try_render(template, [_turn("system", system), _turn("user", user)], bos=bos, eos=eos)
        if isinstance(rendered, str) and system.strip() in rendered:
            return rendered
        user = f"{system}\n\n{user}"
    rendered = _try_render(template, [_turn("user", user)], bos=bos, eos=eos)
    if isinstance(rendered, Exception):
        raise EngineError(
            f"the chat template cannot be rendered: {rendered}. A template that formats one user turn is needed; "
            "mend tokenizer.chat_template in the file."
        ) from rendered
    return rendered


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _try_render(template: str, messages: list[dict[str, str]], *, bos: str, eos: str) -> str | Exception:
    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # The product is a prompt, not HTML: escaping would change what the model reads.
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.loopcontrols"],
        autoescape=False,
    )
    environment.filters["tojson"] = _tojson
    environment.globals |= {"raise_exception": _raise_exception, "strftime_now": TEMPLATE_DATE.strftime}
    try:
        return environment.from_string(template).render(
            messages=messages, bos_token=bos, eos_token=eos, add_generation_prompt=True
        )
    # A stranger's program: beside TemplateError it can raise whatever its expressions do.
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        return error


def _tojson(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise_exception(message: str) -> NoReturn:
    from jinja2.exceptions import TemplateError

    raise TemplateError(message)
