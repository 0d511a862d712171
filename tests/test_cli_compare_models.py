"""`evalkit models A B` on small files of two tensors."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalkit.cli.models import models
from evalkit.records.errors import EvalkitError, UsageError
from tests.gguf_samples import write_gguf


def invoke(*words: object) -> Result:
    return CliRunner().invoke(models, [str(word) for word in words])


def test_which_tensors_differ_is_told_by_kind_and_one_by_one(tmp_path: Path) -> None:
    first, second = write_gguf(tmp_path / "M1.gguf", seed=1), write_gguf(tmp_path / "M2.gguf", seed=2)
    result = invoke(first, second)
    assert result.exit_code == 0
    assert "M2 against M1: 2 of 2 tensors differ" in result.stdout
    assert "RMS distance" in result.stdout
    assert "M2 and M1 claim no imatrix, and their tensors differ" in result.stdout


def test_json_goes_to_stdout_whole(tmp_path: Path) -> None:
    first, second = write_gguf(tmp_path / "M1.gguf", seed=1), write_gguf(tmp_path / "M2.gguf", seed=2)
    document = json.loads(invoke(first, second, "--json").stdout)
    assert (document["is_no_op"], document["n_moved"], document["n_tensors"]) == (False, 2, 2)
    assert {tensor["name"] for tensor in document["tensors"]} == {"output.weight", "blk.0.weight"}
    assert all(tensor["rms_relative"] > 0.5 for tensor in document["tensors"])


def test_equal_payloads_are_a_proven_no_op(tmp_path: Path) -> None:
    first = write_gguf(tmp_path / "M1.gguf")
    second = write_gguf(tmp_path / "M2.gguf", name="Renamed", extra={"quantize.imatrix.dataset": "neo.txt"})
    result = invoke(first, second)
    assert "the same tensors, byte for byte: a proven no-op" in result.stdout
    assert "M2 claims an imatrix (neo.txt), and its tensors are M1's byte for byte" in result.stdout


def test_two_builds_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder, seed in (("old", 1), ("new", 2)):
        (tmp_path / folder).mkdir()
        write_gguf(tmp_path / folder / "M1.gguf", seed=seed)
    result = invoke(tmp_path / "old" / "M1.gguf", tmp_path / "new" / "M1.gguf")
    assert result.stdout.startswith(f"{tmp_path / 'new' / 'M1.gguf'} against {tmp_path / 'old' / 'M1.gguf'}")


def test_names_of_strangers_are_shown_not_obeyed(tmp_path: Path) -> None:
    first = write_gguf(tmp_path / "M1.gguf")
    second = write_gguf(tmp_path / "[red]M2\x1b[31m.gguf", seed=2)
    stdout = invoke(first, second).stdout
    assert "\x1b" not in stdout
    assert "[red]M2" in stdout


@pytest.mark.parametrize("n_files", [1, 3])
def test_other_numbers_of_files_are_wrong_usage(tmp_path: Path, n_files: int) -> None:
    result = invoke(*(tmp_path / f"M{number}.gguf" for number in range(n_files)))
    assert isinstance(result.exception, UsageError)
    assert "two are compared" in str(result.exception)


def test_a_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "M2.gguf").write_bytes(b"no GGUF")
    result = invoke(write_gguf(tmp_path / "M1.gguf"), tmp_path / "M2.gguf")
    assert isinstance(result.exception, EvalkitError)
    assert "not a usable GGUF" in str(result.exception)


def test_files_and_a_family_at_once_or_neither_are_wrong_usage(tmp_path: Path) -> None:
    assert invoke("a.gguf", "b.gguf", "--models", tmp_path).exit_code == 2
    assert "Missing option '--models'" in invoke().output
