"""Files, folders and globs become models, each once, in natural order, parts together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from evalkit.family.model_files import find_model_files, model_files_of, natural_key
from evalkit.records.errors import FamilyError, UsageError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(*words: object) -> list[str]:
    return [files.path.name for files in find_model_files([str(word) for word in words])]


def test_a_folder_gives_the_ggufs_directly_in_it_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "M10.gguf", "M2.gguf", "M1.GGUF", "README.md", "deeper/M3.gguf", "folder.gguf/x.txt")
    assert found(tmp_path) == ["M1.GGUF", "M2.gguf", "M10.gguf"]


def test_files_folders_and_globs_can_be_mixed_and_double_files_collapse(tmp_path: Path) -> None:
    touch(tmp_path, "a/M1.gguf", "a/M2.gguf", "b/M3.gguf")
    words = (tmp_path / "a", tmp_path / "a" / ".." / "a" / "M1.gguf", f"{tmp_path}/*/M*.gguf")
    assert found(*words) == ["M1.gguf", "M2.gguf", "M3.gguf"]


def test_a_link_of_another_name_is_another_model(tmp_path: Path) -> None:
    touch(tmp_path, "blobs/0123")
    (tmp_path / "M1.gguf").symlink_to(tmp_path / "blobs" / "0123")
    (tmp_path / "M3.gguf").symlink_to(tmp_path / "blobs" / "0123")
    assert found(tmp_path, tmp_path / "M1.gguf") == ["M1.gguf", "M3.gguf"]


def test_a_name_with_glob_characters_is_taken_as_it_is(tmp_path: Path) -> None:
    touch(tmp_path, "[v2] M1.gguf", "v M1.gguf")
    assert found(tmp_path / "[v2] M1.gguf") == ["[v2] M1.gguf"]


def test_home_is_expanded_in_a_quoted_glob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "M1.gguf")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert found("~/*.gguf") == ["M1.gguf"]


def test_no_words_are_an_error() -> None:
    with pytest.raises(FamilyError, match="no models were given"):
        find_model_files([])


@pytest.mark.parametrize("word", ["missing.gguf", "*.gguf", "", "~nobody-of-this-name/x.gguf", "x" * 5000])
def test_a_word_that_leads_nowhere_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FamilyError, match="names no file, no folder, and no glob"):
        find_model_files([word])


def test_a_folder_without_models_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path, "deeper/M1.gguf")
    with pytest.raises(FamilyError, match=r"holds no \*\.gguf file directly"):
        find_model_files([str(tmp_path)])


def test_a_hub_word_says_how_to_download_it() -> None:
    with pytest.raises(UsageError, match="hf download DavidAU/Nine-Rings --local-dir") as caught:
        find_model_files(["hf://DavidAU/Nine-Rings@main/*.gguf"])
    assert caught.value.exit_code == 2


def parts(stem: str, count: int, numbers: Iterable[int]) -> list[str]:
    return [f"{stem}-{number:05d}-of-{count:05d}.gguf" for number in numbers]


def test_the_parts_of_a_split_model_are_one_model_whichever_is_named(tmp_path: Path) -> None:
    names = parts("M1", 3, (1, 2, 3))
    touch(tmp_path, *names)
    for words in ([tmp_path], [tmp_path / names[0]], [tmp_path / names[2], tmp_path / names[1]]):
        (files,) = find_model_files([str(word) for word in words])
        assert files.stem == "M1"
        assert files.path.name == names[0]
        assert [part.name for part in files.parts] == names


def test_parts_that_are_not_there_are_still_expected(tmp_path: Path) -> None:
    touch(tmp_path, *parts("M1", 3, (2,)))
    (files,) = find_model_files([str(tmp_path)])
    assert [part.name for part in files.parts] == parts("M1", 3, (1, 2, 3))


@pytest.mark.parametrize(
    "name",
    [
        "a-00000-of-00002.gguf",
        "a-00003-of-00002.gguf",
        "a-1-of-2.gguf",
        "-00001-of-00002.gguf",
        "a-00001-of-00000.gguf",
    ],
)
def test_a_name_that_only_resembles_a_part_is_a_file(name: str) -> None:
    files = model_files_of(Path(name))
    assert files.parts == (Path(name),)
    assert files.stem == name.removesuffix(".gguf")


def test_natural_order_counts_numbers() -> None:
    names = ["M10", "m2", "M1", "M1b", "a10-2", "a9-30", ""]
    assert sorted(names, key=natural_key) == ["", "a9-30", "a10-2", "M1", "M1b", "m2", "M10"]
