"""Hand-written YAML, read strictly, and what is wrong with it in words."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import yaml
from pydantic import ValidationError

_PLAIN_WORDS = {
    "extra_forbidden": "unknown key",
    "missing": "missing",
    "model_type": "must be a mapping of keys to values",
}


class StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice; YAML forbids it and PyYAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping, if each of its keys stands once."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def plain_problems(error: ValidationError) -> Iterator[str]:
    """One line per finding: where, and what is wrong there."""
    for problem in error.errors(include_url=False, include_input=False):
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"]).lstrip(".")
        text = _PLAIN_WORDS.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
        yield f"{place or 'the file'}: {text}"
