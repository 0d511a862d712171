"""A folder of files becomes a family: one reference, its variants, what failed, and what a reader must know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.family.discover import discover_family
from evalkit.records.errors import FamilyError, UsageError
from evalkit.records.family import Family, Role, WarningKind
from tests.gguf_samples import TOKENS, write_gguf

IMATRIX: dict[str, str | int] = {"quantize.imatrix.dataset": "neo.txt"}


def discover(*words: object, reference: object = None, family_file: Path | None = None) -> Family:
    words_ = [str(word) for word in words]
    return discover_family(words_, reference=None if reference is None else str(reference), family_file=family_file)


def write_family(folder: Path, *labels: str) -> None:
    """Sound variants, each with weights of its own."""
    for seed, label in enumerate(labels):
        write_gguf(folder / f"rings-{label}-Q8_0.gguf", seed=seed)


def labels(family: Family) -> list[str]:
    return [variant.label for variant in family.variants]


def kinds(family: Family) -> list[WarningKind]:
    return [warning.kind for warning in family.warnings]


def test_ten_files_are_a_family_in_natural_order_with_m1_as_reference(tmp_path: Path) -> None:
    write_family(tmp_path, *(f"M{number}" for number in range(1, 11)))
    family = discover(tmp_path)
    assert labels(family) == [f"M{number}" for number in range(1, 11)]
    assert family.reference.label == "M1"
    assert {variant.role for variant in family.others} == {Role.VARIANT}
    assert len({variant.payload_hash for variant in family.variants}) == 10
    assert (family.name, family.failed, family.warnings) == ("Sample", (), ())
    assert family.reference.path == tmp_path / "rings-M1-Q8_0.gguf"


def test_a_family_without_a_name_is_called_after_the_references_file(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M1.gguf", name=None)
    assert discover(tmp_path).name == "rings-M1"


def test_without_a_reference_the_error_says_what_was_found_and_what_to_do(tmp_path: Path) -> None:
    write_family(tmp_path, *(f"M{number}" for number in range(2, 11)))
    with pytest.raises(FamilyError) as caught:
        discover(tmp_path)
    assert str(caught.value) == (
        f"no reference among 9 variants (M2 ... M10 in {tmp_path}/).\n"
        "evalkit compares everything with one file: add M1, or name another with --reference."
    )
    assert caught.value.exit_code == 2


def test_the_only_file_without_an_imatrix_is_suggested_as_reference(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M2.gguf", extra=IMATRIX)
    write_gguf(tmp_path / "rings-M3.gguf")
    write_gguf(tmp_path / "rings-M4.gguf", extra=IMATRIX)
    with pytest.raises(FamilyError, match=r"M3 alone was made without an imatrix: --reference M3 may be it\."):
        discover(tmp_path)


@pytest.mark.parametrize("reference", ["M3", "m3", "m03"])
def test_a_label_chooses_the_reference(tmp_path: Path, reference: str) -> None:
    write_family(tmp_path, "M1", "M2", "M3")
    assert discover(tmp_path, reference=reference).reference.label == "M3"


def test_a_path_chooses_the_reference_among_the_models(tmp_path: Path) -> None:
    write_family(tmp_path, "M1", "M2")
    family = discover(tmp_path, reference=tmp_path / "." / "rings-M2-Q8_0.gguf")
    assert (labels(family), family.reference.label) == (["M1", "M2"], "M2")


def test_a_reference_from_elsewhere_joins_the_models(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    write_family(tmp_path / "dist", "M1", "M2")
    source = write_gguf(tmp_path / "source.gguf", seed=77)
    family = discover(tmp_path / "dist", reference=source)
    assert (labels(family), family.reference.label) == (["M1", "M2", "source"], "source")


def test_an_unknown_reference_is_an_error(tmp_path: Path) -> None:
    write_family(tmp_path, "M1", "M2")
    with pytest.raises(FamilyError, match=r"--reference M9 is neither a file nor one of 2 variants \(M1, M2 in "):
        discover(tmp_path, reference="M9")


def test_a_folder_or_a_hub_address_is_no_reference(tmp_path: Path) -> None:
    write_family(tmp_path, "M1")
    with pytest.raises(FamilyError, match="is a folder, and the reference is one file"):
        discover(tmp_path, reference=tmp_path)
    with pytest.raises(UsageError, match="Download it first"):
        discover(tmp_path, reference="hf://a/b")


def test_a_reference_label_that_fits_two_variants_is_an_error_unless_written_exactly(tmp_path: Path) -> None:
    for seed, name in enumerate(("neo", "Neo", "horror")):
        write_gguf(tmp_path / f"rings-{name}.gguf", seed=seed)
    with pytest.raises(FamilyError, match=r"--reference NEO fits two variants, .*eo and .*eo\."):
        discover(tmp_path, reference="NEO")
    assert discover(tmp_path, reference="Neo").reference.label == "Neo"


def test_two_files_of_one_label_are_an_error_that_names_both(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M7-IQ4_XS.gguf")
    write_gguf(tmp_path / "rings-M7-Q8_0.gguf")
    with pytest.raises(FamilyError) as caught:
        discover(tmp_path)
    assert "two files have the label M7" in str(caught.value)
    assert "rings-M7-IQ4_XS.gguf" in str(caught.value)
    assert "rings-M7-Q8_0.gguf" in str(caught.value)


def test_the_reference_alone_is_a_family(tmp_path: Path) -> None:
    write_family(tmp_path, "M1")
    assert discover(tmp_path).others == ()


BREAK: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(b"not a model"),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(write_gguf(path).read_bytes()[:-100]),
    "another vocabulary": lambda path: write_gguf(path, tokens=(*TOKENS, "more")),
    "no vocabulary": lambda path: write_gguf(path, tokens=()),
}


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        ("garbage", "begins with"),
        ("empty", "it is empty"),
        ("truncated", "bytes are missing"),
        ("another vocabulary", "its vocabulary is not that of the reference M1 (7 tokens here, 6 there)"),
        ("no vocabulary", "holds no vocabulary"),
    ],
)
def test_a_file_that_cannot_be_compared_fails_with_its_cause_and_the_others_stay(
    tmp_path: Path, damage: str, cause: str
) -> None:
    write_family(tmp_path, "M1", "M2")
    BREAK[damage](tmp_path / "rings-M3.gguf")
    family = discover(tmp_path)
    assert labels(family) == ["M1", "M2"]
    (failed,) = family.failed
    assert (failed.label, failed.path) == ("M3", tmp_path / "rings-M3.gguf")
    assert cause in failed.cause


@pytest.mark.parametrize("damage", ["garbage", "empty", "truncated", "no vocabulary"])
def test_a_reference_that_cannot_be_used_is_an_error(tmp_path: Path, damage: str) -> None:
    write_family(tmp_path, "M2", "M3")
    BREAK[damage](tmp_path / "rings-M1.gguf")
    with pytest.raises(FamilyError, match=r"the reference M1 cannot be used: rings-M1\.gguf"):
        discover(tmp_path)


def test_a_reference_whose_weights_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    write_family(tmp_path, "M1", "M2")

    def cut_reference(step: str) -> None:
        if "M1" in step:
            (tmp_path / "rings-M1-Q8_0.gguf").write_bytes(b"GGUF")

    with pytest.raises(
        FamilyError, match=r"the reference M1 cannot be used:\n  M1: rings-M1-Q8_0\.gguf became shorter"
    ):
        discover_family([str(tmp_path)], reference=None, family_file=None, on_progress=cut_reference)


def test_a_reference_that_has_nothing_left_beside_it_is_an_error_with_all_causes(tmp_path: Path) -> None:
    write_family(tmp_path, "M1")
    BREAK["empty"](tmp_path / "rings-M2.gguf")
    BREAK["another vocabulary"](tmp_path / "rings-M3.gguf")
    with pytest.raises(FamilyError, match="nothing is left to compare with the reference M1") as caught:
        discover(tmp_path)
    assert "M2: rings-M2.gguf" in str(caught.value)
    assert "M3: its vocabulary" in str(caught.value)


def test_a_split_variant_counts_once_and_fails_when_a_part_is_missing(tmp_path: Path) -> None:
    write_family(tmp_path, "M1", "M2")
    write_gguf(tmp_path / "rings-M3.gguf", seed=9, split_max_tensors=1)
    family = discover(tmp_path)
    assert (labels(family), family.failed) == (["M1", "M2", "M3"], ())
    assert family.variants[2].path.name == "rings-M3-00001-of-00002.gguf"
    (tmp_path / "rings-M3-00002-of-00002.gguf").unlink()
    family = discover(tmp_path)
    assert labels(family) == ["M1", "M2"]
    assert family.failed[0].label == "M3"
    assert "part 2 of 2 is missing" in family.failed[0].cause


@pytest.mark.parametrize(
    ("architecture", "extra", "what"),
    [
        ("clip", {}, "an image projector"),
        ("llama", {"general.type": "adapter"}, "a LoRA adapter"),
        ("llama", {"general.type": "imatrix"}, "an importance matrix"),
    ],
)
def test_files_that_lie_beside_models_are_skipped_with_a_warning(
    tmp_path: Path, architecture: str, extra: dict[str, str | int], what: str
) -> None:
    write_family(tmp_path, "M1", "M2")
    beside = write_gguf(tmp_path / "beside.gguf", architecture=architecture, extra=extra, tokens=())
    family = discover(tmp_path)
    assert (labels(family), family.failed) == (["M1", "M2"], ())
    assert kinds(family) == [WarningKind.SKIPPED_FILE]
    assert family.warnings[0].message.startswith(f"beside.gguf is {what}")
    with pytest.raises(FamilyError, match="no model among 1 files"):
        discover(beside)
    with pytest.raises(FamilyError, match=r"beside\.gguf is not a model"):
        discover(tmp_path, reference=beside)


FAMILY_YAML = """\
name: Rings
notice: Toy models, not for use.
variants:
  - {label: M1, description: plain}
  - {label: M2, file: "*neo*", lineage: [M1], description: Neo imatrix}
"""


def test_a_family_file_beside_the_models_gives_names_lineage_and_notice(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M1.gguf", seed=1)
    write_gguf(tmp_path / "rings-neo.gguf", seed=2)
    (tmp_path / "family.yaml").write_text(FAMILY_YAML, encoding="utf-8")
    family = discover(tmp_path)
    assert (family.name, labels(family)) == ("Rings", ["M1", "M2"])
    assert family.others[0].lineage == ("M1",)
    assert family.others[0].description == "Neo imatrix"
    assert [(warning.kind, warning.message) for warning in family.warnings] == [
        (WarningKind.NOTICE, "Toy models, not for use.")
    ]


def test_the_reference_of_the_family_file_goes_before_m1_and_the_option_before_both(tmp_path: Path) -> None:
    write_family(tmp_path, "M1", "M2", "M3")
    text = "name: Rings\nreference: M2\n"
    (tmp_path / "family.yaml").write_text(text, encoding="utf-8")
    assert discover(tmp_path).reference.label == "M2"
    assert discover(tmp_path, reference="M3").reference.label == "M3"


def test_a_family_file_for_other_models_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    write_family(tmp_path / "dist", "M1", "M2")
    chosen = tmp_path / "other.yaml"
    chosen.write_text("name: Other\nvariants:\n  - label: X1\n", encoding="utf-8")
    with pytest.raises(FamilyError, match=r"other\.yaml describes X1, and the models are M1, M2"):
        discover(tmp_path / "dist", family_file=chosen)
    chosen.write_text("name: Other\nvariants:\n  - label: M2\n", encoding="utf-8")
    assert discover(tmp_path / "dist", family_file=chosen).name == "Other"


def test_nine_rings_files_are_recognised_by_their_names(tmp_path: Path) -> None:
    for number in (1, 7):
        name = f"Gemma-3-Nine-Rings-of-Power-Fiction-Horror-4b-it-M{number}-IQ4_XS.gguf"
        write_gguf(tmp_path / name, seed=number)
    family = discover(tmp_path)
    assert family.name == "Gemma 3 Nine Rings of Power, Fiction Horror 4b it"
    assert family.others[0].lineage == ("M4", "M5")


def test_a_name_that_would_break_a_line_gives_a_label_that_does_not(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-\x1b[31m\nred.gguf")
    write_gguf(tmp_path / "rings-M1.gguf", seed=2)
    assert labels(discover(tmp_path)) == ["M1", "rings-_[31m_red"]
