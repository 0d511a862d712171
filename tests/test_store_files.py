"""Run files survive kills, and say when they are damaged."""

import json
import os
from pathlib import Path

import pytest

from evalkit.records.errors import RunFolderError
from evalkit.records.family import FailedVariant
from evalkit.store.files import append_line, drop_torn_line, read_document, read_lines, write_atomically, write_document

FAILED = FailedVariant(label="M3", path=Path("dist/M3.gguf"), cause="“truncated” \x1b[31m")


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    second = FailedVariant(label="M4", path=Path("x"), cause="line\nbreak")
    append_line(path, FAILED)
    append_line(path, second)
    assert list(read_lines(path, FailedVariant)) == [FAILED, second]


def test_every_line_carries_the_schema_version(tmp_path: Path) -> None:
    append_line(tmp_path / "x.jsonl", FAILED)
    assert json.loads((tmp_path / "x.jsonl").read_text(encoding="utf-8"))["schema_version"] == 1


def test_a_torn_last_line_is_left_out_and_the_next_does_not_continue_it(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    append_line(path, FAILED)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    assert list(read_lines(path, FailedVariant)) == [FAILED]
    drop_torn_line(path)
    append_line(path, FAILED)
    assert list(read_lines(path, FailedVariant)) == [FAILED, FAILED]


def test_a_damaged_line_in_the_middle_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    append_line(path, FAILED)
    path.write_bytes(b'{"schema_version": 1, "label"\n' + path.read_bytes())
    with pytest.raises(RunFolderError, match="line 1 is damaged"):
        list(read_lines(path, FailedVariant))


def test_a_line_without_a_needed_field_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"schema_version": 1, "label": "M1"}\n')
    with pytest.raises(RunFolderError, match="does not hold what it should"):
        list(read_lines(tmp_path / "x.jsonl", FailedVariant))


def test_another_schema_version_is_refused_with_both_numbers(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"schema_version": 99}')
    with pytest.raises(RunFolderError, match="schema version 99; this evalkit reads 1"):
        read_document(tmp_path / "x.json", FailedVariant)


def test_no_file_is_no_line_but_a_missing_document_is_an_error(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "none.jsonl", FailedVariant)) == []
    with pytest.raises(RunFolderError, match="is missing"):
        read_document(tmp_path / "none.json", FailedVariant)


def test_a_document_comes_back_as_it_went(tmp_path: Path) -> None:
    write_document(tmp_path / "x.json", FAILED)
    assert read_document(tmp_path / "x.json", FailedVariant) == FAILED


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    write_atomically(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]
