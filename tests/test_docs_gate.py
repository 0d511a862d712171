"""docs/gate.md, the action and the command line name the same things."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from evalkit.cli.gate import gate
from evalkit.gate.policy import parse_policy
from evalkit.gate.rules import RULES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
ACTION = ROOT / ".github" / "actions" / "gate" / "action.yml"
OPTIONS = {word for parameter in gate.params for word in (*parameter.opts, *parameter.secondary_opts)}


def test_every_rule_stands_in_the_table_of_the_page() -> None:
    rows = re.findall(r"^\| (hard|intent|regression|cost) \| ([^|]+) \|", PAGE, flags=re.MULTILINE)
    named = {f"{kind}.{rule.strip()}" for kind, rules in rows for rule in rules.split(",")}
    assert named == {rule.id for rule in RULES}


def test_the_policy_in_the_page_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(rules:.*?)```", PAGE, flags=re.DOTALL)
    policy = parse_policy(text, "docs/gate.md")
    assert policy.limit("intent.stray", "M7") == 0.2
    assert policy.limit("intent.stray", "M2") == 0.1


def test_every_option_in_the_page_and_the_action_exists() -> None:
    lines = [line for line in PAGE.splitlines() if "evalkit gate" in line] + [ACTION.read_text(encoding="utf-8")]
    used = {word for line in lines for word in re.findall(r"--[a-z][a-z-]+", line)}
    assert used - {"--reports", "--out"} <= OPTIONS


def test_every_workflow_of_the_page_is_yaml() -> None:
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL):
        assert isinstance(yaml.safe_load(text), dict)


def test_no_input_of_the_action_can_become_a_command() -> None:
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    (step,) = action["runs"]["steps"]
    assert "${{" not in step["run"]
    assert all(value == "${{ inputs.%s }}" % name.lower() for name, value in step["env"].items())  # noqa: UP031
    assert set(action["inputs"]) == {name.lower() for name in step["env"]}


def run_action(folder: Path, exit_code: int, **inputs: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The action's own script, with a command in evalkit's place that keeps its words and exits as it is told."""
    command = folder / "evalkit"
    command.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/words"\nexit {exit_code}\n')
    command.chmod(0o755)
    (step,) = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    own = {"MODELS": "", "RESULTS": "results", "BASELINE": "b.json", "POLICY": "", "OPTIONS": ""} | inputs
    given = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "RUNNER_TEMP")}
    environment = own | given | {"PATH": f"{folder}:/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "-c", step["run"]], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    return done, (folder / "words").read_text().splitlines()


@pytest.mark.parametrize(("exit_code", "verdict"), [(0, "open"), (3, "closed"), (4, "no-verdict"), (1, "broken")])
def test_the_action_passes_on_the_exit_code_and_names_the_verdict(exit_code: int, verdict: str, tmp_path: Path) -> None:
    done, _ = run_action(tmp_path, exit_code, MODELS="dist/*.gguf")
    assert done.returncode == exit_code, done.stderr
    assert f"verdict={verdict}" in (tmp_path / "GITHUB_OUTPUT").read_text()


def test_the_action_gives_every_line_as_one_word_and_runs_none_of_it(tmp_path: Path) -> None:
    models = "dist/a b.gguf\n\n$(touch hacked)\n"
    _, words = run_action(tmp_path, 0, MODELS=models, OPTIONS="--suite=card\n--threads=8\n", POLICY="own gate.yaml")
    assert words[:5] == ["gate", "--models", "dist/a b.gguf", "$(touch hacked)", "--reuse"]
    assert words[-3:] == ["--suite=card", "--threads=8", "--policy=own gate.yaml"]
    assert not (tmp_path / "hacked").exists()
