"""`family.yaml`: read strictly, found in the right place, and the shipped one says what the model card says."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.family.family_file import SHIPPED_FOLDER, choose_family_file, load_family_file
from evalkit.records.errors import FamilyError

GOOD = """\
name: Rings
notice: Toy models.
reference: M1
variants:
  - label: m1
    description: plain
  - {label: M2, file: "*-neo.gguf", lineage: [M1], description: Neo}
"""


def write(folder: Path, text: str | bytes, name: str = "family.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_family_file_is_read_with_its_labels_in_one_spelling(tmp_path: Path) -> None:
    family = load_family_file(write(tmp_path, GOOD))
    assert (family.name, family.notice, family.reference) == ("Rings", "Toy models.", "M1")
    assert [entry.label for entry in family.variants] == ["M1", "M2"]
    entry = family.entry("M2")
    assert entry is not None
    assert (entry.lineage, entry.description) == (["M1"], "Neo")
    assert family.entry("M3") is None


def test_a_file_pattern_gives_its_label(tmp_path: Path) -> None:
    family = load_family_file(write(tmp_path, GOOD))
    assert family.label_of_file("rings-neo.gguf") == "M2"
    assert family.label_of_file("rings-horror.gguf") is None


def test_two_patterns_for_one_file_are_an_error(tmp_path: Path) -> None:
    family = load_family_file(write(tmp_path, GOOD.replace("label: m1", 'label: m1\n    file: "rings-*"')))
    with pytest.raises(FamilyError, match=r"gives rings-neo\.gguf to both M1 and M2"):
        family.label_of_file("rings-neo.gguf")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD.replace("notice:", "notce:"), "notce: unknown key"),
        (GOOD.replace("description: plain", "descripton: plain"), "variants[0].descripton: unknown key"),
        (GOOD.replace("name: Rings\n", ""), "name: missing"),
        (GOOD.replace("lineage: [M1]", "lineage: M1"), "variants[1].lineage: "),
        (GOOD.replace("lineage: [M1]", "lineage: [M3]"), "lineage of M2 names M3"),
        (GOOD.replace("lineage: [M1]", "lineage: [M2]"), "lineage of M2 names M2"),
        (GOOD.replace("label: M2", "label: M1"), "two variants have the label M1"),
        (GOOD.replace("reference: M1", "reference: M9"), "reference M9 is not among"),
        (GOOD.replace("label: m1", 'label: " m1"'), "variants[0].label: "),
        (GOOD.replace("label: m1", 'label: "m\\e1"'), "variants[0].label: "),
        (GOOD.replace("label: m1", 'label: ""'), "variants[0].label: "),
        (GOOD.replace("label: m1", "label: 1"), "variants[0].label: "),
        (GOOD.replace("description: plain", 'description: "\\ud83c\\udf18"'), "variants[0].description: has half"),
        (GOOD.replace("notice: Toy", 'notice: "\\udfff"#'), "notice: "),
        ("", "must be a mapping"),
        ("- a\n", "must be a mapping"),
        ("name: [", "is not YAML"),
        ("name: 2026-13-45\n", "is not YAML"),
        ("name: !!bool maybe\n", "is not YAML"),
        ("name: !!python/object/apply:os.getcwd []\n", "is not YAML"),
        ("[" * 5000, "is not YAML"),
        (b"name: \xff\xfe\n", "is not YAML"),
    ],
)
def test_a_wrong_family_file_is_refused_with_place_and_reason(tmp_path: Path, text: str | bytes, problem: str) -> None:
    with pytest.raises(FamilyError, match=r"family\.yaml") as caught:
        load_family_file(write(tmp_path, text))
    assert problem in str(caught.value)


def test_all_problems_come_in_one_error(tmp_path: Path) -> None:
    text = GOOD.replace("notice:", "notce:").replace("label: m1", "label: 1").replace("description: Neo", "size: 3")
    with pytest.raises(FamilyError) as caught:
        load_family_file(write(tmp_path, text))
    assert all(place in str(caught.value) for place in ("notce", "variants[0].label", "variants[1].size"))


def test_all_contradictions_of_labels_come_in_one_error(tmp_path: Path) -> None:
    text = GOOD.replace("reference: M1", "reference: M9").replace("lineage: [M1]", "lineage: [M3, M4]")
    with pytest.raises(FamilyError) as caught:
        load_family_file(write(tmp_path, text))
    assert all(problem in str(caught.value) for problem in ("names M3", "names M4", "reference M9"))


def test_missing_and_huge_family_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FamilyError, match="cannot be read"):
        load_family_file(tmp_path / "missing.yaml")
    with pytest.raises(FamilyError, match="larger than"):
        load_family_file(write(tmp_path, "#" * (1 << 20) + "\n"))


NINE_RINGS = [["Gemma-3-Nine-Rings-of-Power-Fiction-Horror-4b-it-M1-IQ4_XS.gguf"]]


def test_the_option_goes_before_the_folder_and_the_folder_before_the_shipped(tmp_path: Path) -> None:
    assert name_of_choice(None, tmp_path).startswith("Gemma 3 Nine Rings")
    write(tmp_path, GOOD)
    assert name_of_choice(None, tmp_path) == "Rings"
    option = write(tmp_path, GOOD.replace("name: Rings", "name: Chosen"), "other.yaml")
    assert name_of_choice(option, tmp_path) == "Chosen"


def name_of_choice(option: Path | None, folder: Path) -> str:
    chosen = choose_family_file(option, folder, NINE_RINGS)
    assert chosen is not None
    return chosen.name


@pytest.mark.parametrize(
    ("names", "matches"),
    [
        (NINE_RINGS, True),
        ([["x.gguf", "Gemma 3 Nine Rings of Power"]], True),
        ([["x.gguf", "GEMMA-3-NINE-RINGS"]], True),
        ([["nine_rings-M1.gguf"], ["nine_rings-M2.gguf"], ["source-f16.gguf"]], True),
        ([["nine-rings-M1.gguf"], ["other-M2.gguf"]], False),
        ([["rings-M1.gguf"]], False),
        ([], False),
    ],
)
def test_a_shipped_family_is_recognised_by_most_of_its_names(
    tmp_path: Path, names: list[list[str]], matches: bool
) -> None:
    assert (choose_family_file(None, tmp_path, names) is not None) is matches


def test_the_shipped_family_has_the_lineage_of_the_model_card() -> None:
    # Table of the card: who was made from whom.
    card = {
        "M1": [], "M2": ["M1"], "M3": ["M1"], "M4": ["M2", "M3"], "M5": ["M4"], "M6": ["M4"],
        "M7": ["M4", "M5"], "M8": ["M4", "M6"], "M9": ["M4"], "M10": ["M4"],
    }  # fmt: skip
    family = load_family_file(SHIPPED_FOLDER / "nine-rings.yaml")
    assert {entry.label: entry.lineage for entry in family.variants} == card
    assert family.reference == "M1"
    assert all(entry.description for entry in family.variants)


def test_every_shipped_family_can_be_read_and_recognised() -> None:
    paths = list(SHIPPED_FOLDER.glob("*.yaml"))
    assert paths
    for path in paths:
        assert load_family_file(path).match


def test_a_key_given_twice_is_refused_not_half_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "family.yaml"
    path.write_text("name: One\nname: Two\n", encoding="utf-8")
    with pytest.raises(FamilyError, match="the key 'name' stands twice"):
        load_family_file(path)
