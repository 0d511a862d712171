"""The command line's contract: exit codes, messages without tracebacks, defaults from evalkit.yaml."""

import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.store.run_folder import RunFolder
from tests.samples import manifest


def evalkit(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evalkit", *words], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    done = evalkit("--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in ("run", "score", "report", "runs", "gate", "bless", "models", "suite", "blind", "demo"):
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize(
    "command", ["run", "score", "report", "runs", "gate", "bless", "models", "suite", "blind", "demo"]
)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = evalkit(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: evalkit {command}") or done.stdout.startswith(
        f"Usage: python -m evalkit {command}"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nonsense",), "No such command"),
        (("run",), "Missing option '--models'"),
        (("run", "--models"), "--models needs at least one word"),
        (("run", "--models", "none/*.gguf"), "none/*.gguf"),
        (("run", "--models", "x.gguf", "--suite", "unheard"), "unheard"),
        (("run", "--models", "x.gguf", "--max-tokens", "0"), "max-tokens"),
    ],
    ids=["command", "no-models", "no-words", "no-match", "suite", "zero-tokens"],
)
def test_wrong_usage_is_one_readable_message_and_exit_2(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = evalkit(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_run_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    done = evalkit("report", "20260101", cwd=tmp_path)
    assert done.returncode == 2
    assert "no run '20260101' in results" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_run_does_not_hide_the_others(tmp_path: Path) -> None:
    for run_id in ("20260101T000000Z-a", "20260102T000000Z-b"):
        RunFolder.create(tmp_path / "results", manifest(run_id))
    (tmp_path / "results" / "20260101T000000Z-a" / "manifest.json").write_text("")
    done = evalkit("runs", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("20260102T000000Z-b")
    assert "left out" in done.stderr
    assert "20260101T000000Z-a" in done.stderr


def test_evalkit_yaml_gives_defaults_that_an_option_overrides(tmp_path: Path) -> None:
    (tmp_path / "evalkit.yaml").write_text("runs:\n  out: elsewhere\n")
    assert "no run in elsewhere" in evalkit("runs", cwd=tmp_path).stderr
    assert "no run in here" in evalkit("runs", "--out", "here", cwd=tmp_path).stderr


def test_the_environment_stands_between_evalkit_yaml_and_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evalkit.yaml").write_text("runs:\n  out: from-file\n")
    monkeypatch.setenv("EVALKIT_OUT", "from-environment")
    assert "no run in from-environment" in evalkit("runs", cwd=tmp_path).stderr
    assert "no run in from-option" in evalkit("runs", "--out", "from-option", cwd=tmp_path).stderr


def test_what_the_system_refuses_is_a_message_and_exit_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = evalkit("demo", "--dir", "file/below", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "file" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runs: {colour: red}", "has no option colour"),
        ("judge_all: {out: x}", "names no command"),
        ("runs: [", "not valid YAML"),
        ("- runs", "must map commands"),
    ],
)
def test_a_wrong_evalkit_yaml_is_exit_2(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "evalkit.yaml").write_text(text)
    done = evalkit("runs", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
