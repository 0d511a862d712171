"""`evalkit models` and the options that take many words."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from evalkit.cli.models import decimal_size, models
from evalkit.cli.words import WordsCommand, repeat_options
from evalkit.records.errors import FamilyError
from tests.gguf_samples import write_gguf

N_VALUES = {"--models": 1, "-m": 1, "--reference": 1, "--json": 0, "--pair": 2}


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("--models a b c", "--models a --models b --models c"),
        ("--models a", "--models a"),
        ("--models=a", "--models=a"),
        ("-m a b", "-m a -m b"),
        ("--models a b --json", "--models a --models b --json"),
        ("--json --models a b --reference x", "--json --models a --models b --reference x"),
        ("--models a --models b c", "--models a --models b --models c"),
        ("--models a -- b c", "--models a -- b c"),
        ("-- --models a b", "-- --models a b"),
        ("--reference --models", "--reference --models"),
        ("--reference --models --models a b", "--reference --models --models a --models b"),
        ("--pair --models -m --json", "--pair --models -m --json"),
        ("--models - a", "--models - --models a"),
        ("", ""),
    ],
)
def test_many_words_become_repeated_options(args: str, expected: str) -> None:
    assert repeat_options(args.split(), {"--models", "-m"}, N_VALUES) == expected.split()


@pytest.mark.parametrize("args", ["--models", "--models --json", "--models -m a", "--json --models", "--models -- a"])
def test_an_option_for_many_words_without_one_is_a_usage_error(args: str) -> None:
    with pytest.raises(click.BadOptionUsage, match="needs at least one word") as caught:
        repeat_options(args.split(), {"--models", "-m"}, N_VALUES)
    assert caught.value.exit_code == 2


def test_words_reach_the_command_and_flags_and_counts_take_none() -> None:
    @click.command(cls=WordsCommand)
    @click.option("--models", "-m", multiple=True)
    @click.option("--flag/--no-flag")
    @click.option("-v", "verbosity", count=True)
    @click.argument("rest", nargs=-1)
    def sample(**values: object) -> None:
        click.echo(json.dumps(values))

    result = CliRunner().invoke(sample, ["--no-flag", "-m", "a", "b c", "-v", "--models", "d", "--", "-x"])
    assert json.loads(result.output) == {"models": ["a", "b c", "d"], "flag": False, "verbosity": 1, "rest": ["-x"]}


def invoke(*args: object) -> Result:
    return CliRunner().invoke(models, [str(arg) for arg in args], standalone_mode=False)


def test_the_table_shows_every_variant_and_what_is_odd(tmp_path: Path) -> None:
    one = write_gguf(tmp_path / "rings-M1.gguf", seed=1)
    two = write_gguf(tmp_path / "rings-M2.gguf", seed=1, extra={"quantize.imatrix.dataset": "neo.txt"})
    result = invoke("--models", one, two)
    assert result.return_value == 0
    rows = {line.split()[0]: line.split() for line in result.output.splitlines() if line.strip()}
    assert rows["M1"][1:4] == ["reference", "llama", "Q8_0"]
    assert rows["M2"][1:4] == ["variant", "llama", "Q8_0"]
    assert "neo.txt" in rows["M2"]
    assert rows["M1"][-1] == rows["M2"][-1]
    assert len(rows["M1"][-1]) == 12
    assert "warning: M2's tensors are byte for byte the reference's: a proven no-op." in result.output


def test_a_failed_file_is_named_and_makes_the_exit_code_1(tmp_path: Path) -> None:
    for seed, label in enumerate(("M1", "M2")):
        write_gguf(tmp_path / f"rings-{label}.gguf", seed=seed)
    (tmp_path / "rings-M3.gguf").write_bytes(b"")
    result = invoke("--models", tmp_path)
    assert result.return_value == 1
    assert "M3 cannot be used: rings-M3.gguf is not a usable GGUF: it is empty." in result.output


def test_json_goes_to_stdout_whole(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M1.gguf")
    document = json.loads(invoke("--models", tmp_path, "--json").stdout)
    (variant,) = document["variants"]
    assert (variant["label"], variant["role"]) == ("M1", "reference")
    assert variant["path"] == str(tmp_path / "rings-M1.gguf")
    assert variant["source"]["n_vocab"] == 6


def test_an_error_is_raised_for_the_entry_point_to_print(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M2.gguf")
    assert isinstance(invoke("--models", tmp_path).exception, FamilyError)


def test_hostile_names_reach_the_terminal_as_visible_text_only(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M1.gguf", architecture="lla\x1b[2Jma", name="[bold red]Rings\x1b[0m\nfake line")
    write_gguf(
        tmp_path / "[red]\x1b[31m\u202e.gguf", seed=2, extra={"quantize.imatrix.dataset": "[link=x]a\x07\nb[/link]"}
    )
    result = invoke("--models", tmp_path)
    assert result.return_value == 0
    assert not set(result.output) & {"\x1b", "\x07", "\u202e"}
    assert "[bold red]Rings" in result.output
    assert "[link=x]a" in result.output
    assert not any(line.startswith(("fake line", "b[/link]")) for line in result.output.splitlines())


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (6_254_432, "6.25 MB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (2_263_104_800, "2.26 GB"),
    ],
)
def test_sizes_have_three_digits(count: int, shown: str) -> None:
    assert decimal_size(count, "B") == shown
