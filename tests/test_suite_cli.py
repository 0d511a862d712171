"""`evalkit suite`: list, show and validate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalkit.cli.suite import suite
from evalkit.records.errors import SuiteError

CARD_TEXTS = Path(__file__).parent / "data/nine-rings/prompts"


def invoke(*args: object) -> Result:
    return CliRunner().invoke(suite, [str(arg) for arg in args], standalone_mode=False)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(CARD_TEXTS.glob("*.txt")), ids=lambda path: path.stem)
def test_show_prompt_prints_the_cards_text_to_the_byte(path: Path) -> None:
    assert invoke("show", "card", "--prompt", path.stem).stdout_bytes == path.read_bytes()


def test_list_names_suites_and_system_prompts() -> None:
    output = invoke("list").output
    assert "standard: 4 prompts, " in output
    assert "card: 5 prompts, " in output
    assert "ge-function" in output
    document = json.loads(invoke("list", "--json").output)
    assert [found["name"] for found in document["suites"]] == ["card", "standard"]
    assert document["systems"] == ["ge-function"]


def test_show_prints_prompts_and_system_prompt() -> None:
    output = invoke("show", "standard", "--system", "ge-function", "--system-power", "5", "--no-system-another").output
    assert "Spawn 5 agents" in output
    assert "another generation?" not in output
    assert "The Waystone Inn lay in silence" in output


def test_show_json_is_the_whole_suite() -> None:
    document = json.loads(invoke("show", "standard", "--json").output)
    assert [prompt["id"] for prompt in document["prompts"]] == [
        "waystone",
        "black-mirror",
        "bravado",
        "radiative-cooling",
    ]
    assert len(document["content_hash"]) == 64


def test_show_writes_hidden_characters_out(tmp_path: Path) -> None:
    path = write(tmp_path, "evil.yaml", 'name: evil\nmax_tokens: 1\nprompts:\n  - {id: a, text: "x\\e[2J\\u202ey"}\n')
    output = invoke("show", path).output
    assert not set(output) & {"\x1b", "\u202e"}


def test_validate_says_ok_with_count_and_hash_for_a_sound_file(tmp_path: Path) -> None:
    path = write(tmp_path, "good.yaml", "name: good\nmax_tokens: 9\nprompts:\n  - {id: a, text: Hello.}\n")
    result = invoke("validate", path)
    content_hash = json.loads(invoke("show", path, "--json").output)["content_hash"]
    assert result.return_value == 0
    assert result.output == f"OK {path}: good: 1 prompt, {content_hash[:12]} (a)\n"


def test_validate_checks_every_file_and_reports_all_problems(tmp_path: Path) -> None:
    good = write(tmp_path, "good.yaml", "name: good\nmax_tokens: 9\nprompts:\n  - {id: a, text: Hello.}\n")
    first = write(tmp_path, "first.yaml", "name: first\n")
    second = write(tmp_path, "second.yaml", "nam: second\n")
    result = invoke("validate", first, good, second)
    assert isinstance(result.exception, SuiteError)
    assert result.exception.exit_code == 2
    assert "first.yaml" in str(result.exception)
    assert "second.yaml" in str(result.exception)
    assert result.output.startswith(f"OK {good}")


def test_an_unknown_prompt_is_an_error_with_the_known_ones() -> None:
    result = invoke("show", "standard", "--prompt", "waystne")
    assert isinstance(result.exception, SuiteError)
    assert "Did you mean waystone?" in str(result.exception)
