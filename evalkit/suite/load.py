"""A suite as one run asks for it: which prompts, how long, after which system prompt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.records.errors import SuiteError
from evalkit.records.suite import Prompt, Suite
from evalkit.suite.packaged import is_path, suggestion, suite_path
from evalkit.suite.schema import PromptEntry, SuiteFile, suite_problems
from evalkit.suite.system import load_system
from evalkit.suite.yaml_file import read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRequest:
    """What the user asked for."""

    name_or_path: str = "standard"
    prompt_ids: tuple[str, ...] | None = None
    """Only these, in the suite's order; None for all."""
    max_tokens: int | None = None
    """For every prompt, in place of its own limit."""
    limit: int | None = None
    """Only the first so many, after `prompt_ids`."""
    system: str | None = None
    """Name or path of a system prompt."""
    system_power: int | None = None
    system_another: bool = True
    """Keep the system prompt's paragraph that asks for another generation."""


def load_suite(request: SuiteRequest) -> Suite:
    """The suite that was asked for, validated and hashed.

    Raises:
        SuiteError: a file is missing or wrong, a prompt is unknown, or a setting fits nothing.
    """
    path = suite_path(request.name_or_path)
    file = read_yaml(path, SuiteFile, suite_problems)
    prompts = _chosen(_prompts(file, path, ()), request, path)
    text, name = _system(request)
    return Suite(
        name=file.name, prompts=prompts, system=text, system_name=name, content_hash=_suite_hash(prompts, text)
    )


def suite_of_texts(name: str, titles: Mapping[str, str], known: Sequence[Prompt], texts: Mapping[str, str]) -> Suite:
    """The suite behind answers that were made elsewhere.

    Args:
        name: what to call it.
        titles: by prompt id, what whoever made the answers calls the prompt.
        known: prompts of a suite file; those that were answered come first, in its order.
        texts: prompt texts by id, from elsewhere; they go before a suite file's.
    """
    own = {prompt.id: prompt for prompt in known}
    ordered = [*(prompt_id for prompt_id in own if prompt_id in titles), *(id_ for id_ in titles if id_ not in own)]
    prompts = tuple(_answered_prompt(prompt_id, titles[prompt_id], own, texts) for prompt_id in ordered)
    return Suite(
        name=name, prompts=prompts, system=None, system_name=None, content_hash=_suite_hash(prompts, system=None)
    )


def _answered_prompt(prompt_id: str, title: str, known: Mapping[str, Prompt], texts: Mapping[str, str]) -> Prompt:
    prompt = known.get(prompt_id)
    text = texts.get(prompt_id, prompt.text if prompt else "")
    if prompt is not None and prompt.text == text:
        return prompt
    content_hash = _prompt_hash(prompt_id, text, max_tokens=0)
    return Prompt(id=prompt_id, title=title, text=text, max_tokens=0, content_hash=content_hash)


def _prompts(file: SuiteFile, path: Path, above: tuple[Path, ...]) -> tuple[Prompt, ...]:
    """The prompts of the included suites, then the file's own."""
    chain = (*above, path.resolve())
    collected: list[Prompt] = []
    for word in file.include:
        included = path.parent / word if is_path(word) else suite_path(word)
        if included.resolve() in chain:
            raise SuiteError(f"{path} includes {word}, which includes it in turn. Remove one of the two.")
        collected += _prompts(read_yaml(included, SuiteFile, suite_problems), included, chain)
    collected += (_prompt(entry, entry.max_tokens or file.max_tokens or 0) for entry in file.prompts)
    _check_ids(collected, path)
    return tuple(collected)


def _check_ids(prompts: Sequence[Prompt], path: Path) -> None:
    ids = [prompt.id for prompt in prompts]
    twice = sorted({prompt_id for prompt_id in ids if ids.count(prompt_id) > 1})
    if twice:
        raise SuiteError(f"{path} gets the ids {', '.join(twice)} twice, by what it includes. Rename its own.")


def _chosen(prompts: tuple[Prompt, ...], request: SuiteRequest, path: Path) -> tuple[Prompt, ...]:
    for name, value in (("limit", request.limit), ("max-tokens", request.max_tokens)):
        if value is not None and value < 1:
            raise SuiteError(f"--{name} is {value}, and it must be 1 or more.")
    if request.prompt_ids is not None:
        _check_known(request.prompt_ids, tuple(prompt.id for prompt in prompts), path)
        prompts = tuple(prompt for prompt in prompts if prompt.id in request.prompt_ids)
    prompts = prompts[: request.limit]
    if request.max_tokens is None:
        return prompts
    limit = request.max_tokens
    return tuple(
        replace(prompt, max_tokens=limit, content_hash=_prompt_hash(prompt.id, prompt.text, limit))
        for prompt in prompts
    )


def _check_known(wanted: tuple[str, ...], known: tuple[str, ...], path: Path) -> None:
    unknown = [prompt_id for prompt_id in wanted if prompt_id not in known]
    if unknown or not wanted:
        found = ", ".join(unknown) or "none named"
        hint = suggestion(unknown[0], known) if unknown else ""
        raise SuiteError(f"{path} has no prompt {found}.{hint} Known: {', '.join(known)}.")


def _system(request: SuiteRequest) -> tuple[str, str] | tuple[None, None]:
    if request.system is not None:
        return load_system(request.system, power=request.system_power, another=request.system_another)
    if request.system_power is not None or not request.system_another:
        raise SuiteError("a setting of the system prompt was given without one. Add --system ge-function.")
    return None, None


def _prompt(entry: PromptEntry, max_tokens: int) -> Prompt:
    return Prompt(
        id=entry.id,
        title=entry.title or entry.id,
        text=entry.text,
        max_tokens=max_tokens,
        content_hash=_prompt_hash(entry.id, entry.text, max_tokens),
        checks=tuple(check.record() for check in entry.checks),
    )


def _prompt_hash(prompt_id: str, text: str, max_tokens: int) -> str:
    """Of what decides the tokens: a check judges them afterwards, so an old answer can be checked anew."""
    return _hash({"id": prompt_id, "max_tokens": max_tokens, "text": text})


def _suite_hash(prompts: Sequence[Prompt], system: str | None) -> str:
    return _hash({"prompts": [prompt.content_hash for prompt in prompts], "system": system})


def _hash(content: object) -> str:
    """sha256, hex, of the content as canonical JSON: sorted keys, no spaces, UTF-8."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
