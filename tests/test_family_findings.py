"""What a reader must know of a family: quant types, templates and weights that are not as they seem."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from evalkit.family.discover import discover_family
from evalkit.records.family import FamilyWarning, WarningKind
from tests.gguf_samples import write_gguf


def warnings_of(folder: Path) -> tuple[FamilyWarning, ...]:
    return discover_family([str(folder)], reference=None, family_file=None).warnings


def test_mixed_quant_types_are_named_per_label(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M1.gguf", seed=1)
    write_gguf(tmp_path / "rings-M2.gguf", seed=2, file_type=gguf.LlamaFileType.MOSTLY_IQ4_XS)
    write_gguf(tmp_path / "rings-M3.gguf", seed=3)
    (warning,) = warnings_of(tmp_path)
    assert warning.kind is WarningKind.MIXED_QUANT_TYPES
    assert "(Q8_0: M1 and M3; IQ4_XS: M2)" in warning.message


@pytest.mark.parametrize(
    ("templates", "kind", "labels_", "message"),
    [
        (("t", None, None), WarningKind.MISSING_TEMPLATE, ("M2", "M3"), "M2 and M3 have no chat template and get"),
        (("t", None, "t"), WarningKind.MISSING_TEMPLATE, ("M2",), "M2 has no chat template and gets the reference's"),
        (("t", "u", "t"), WarningKind.OTHER_TEMPLATE, ("M2",), "M2 has another chat template than M1"),
        ((None, None, None), WarningKind.MISSING_TEMPLATE, ("M1", "M2", "M3"), "No file has a chat template"),
    ],
)
def test_templates_that_are_missing_or_differ_are_warned_of(
    tmp_path: Path, templates: tuple[str | None, ...], kind: WarningKind, labels_: tuple[str, ...], message: str
) -> None:
    for number, template in enumerate(templates, start=1):
        write_gguf(tmp_path / f"rings-M{number}.gguf", seed=number, template=template)
    (warning,) = warnings_of(tmp_path)
    assert (warning.kind, warning.labels) == (kind, labels_)
    assert message in warning.message


def test_a_reference_without_the_template_that_others_have_is_warned_of(tmp_path: Path) -> None:
    write_gguf(tmp_path / "rings-M1.gguf", template=None)
    write_gguf(tmp_path / "rings-M2.gguf", seed=2)
    missing, other = warnings_of(tmp_path)
    assert (missing.kind, missing.labels) == (WarningKind.MISSING_TEMPLATE, ("M1",))
    assert (other.kind, other.labels) == (WarningKind.OTHER_TEMPLATE, ("M2",))


def test_weights_equal_to_the_references_are_a_proven_no_op(tmp_path: Path) -> None:
    for label, seed in (("M1", 1), ("M2", 2), ("M3", 1)):
        write_gguf(tmp_path / f"rings-{label}.gguf", seed=seed, name=label)
    (warning,) = warnings_of(tmp_path)
    assert (warning.kind, warning.labels) == (WarningKind.EQUAL_PAYLOAD, ("M1", "M3"))
    assert warning.message == "M3's tensors are byte for byte the reference's: a proven no-op."


def test_weights_that_two_variants_share_are_warned_of(tmp_path: Path) -> None:
    for label, seed in (("M1", 1), ("M2", 2), ("M3", 3), ("M4", 2)):
        write_gguf(tmp_path / f"rings-{label}.gguf", seed=seed)
    (warning,) = warnings_of(tmp_path)
    assert (warning.kind, warning.labels) == (WarningKind.EQUAL_PAYLOAD, ("M2", "M4"))
    assert "M2 and M4 hold the same tensors byte for byte" in warning.message
