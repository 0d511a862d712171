"""The demo family is what its recipes say."""

from pathlib import Path

import pytest
import yaml

from evalkit.demo.build import build_demo_family
from evalkit.engine.quantize import FileType, QuantizeJob, quantize_files
from evalkit.records.errors import EngineError

pytestmark = pytest.mark.full


def test_ten_variants_with_the_imatrix_of_their_last_pass(demo_family: Path) -> None:
    import gguf

    last_pass = {
        "M1": None, "M2": "neo", "M3": "horror", "M4": "horror", "M5": "horror-part-large", "M6": "horror-part-small",
        "M7": "horror-part-large", "M8": "horror-part-small", "M9": "neo-large", "M10": "neo-small",
    }  # fmt: skip
    for label, imatrix in last_pass.items():
        reader = gguf.GGUFReader(demo_family / f"Hollow-Lantern-6M-{label}-IQ4_XS.gguf")
        field = reader.fields.get("quantize.imatrix.file")
        assert (field.contents() if field else None) == imatrix
        assert reader.fields["general.file_type"].contents() == 30  # LLAMA_FTYPE_MOSTLY_IQ4_XS
        assert sum(tensor.tensor_type.name == "IQ4_XS" for tensor in reader.tensors) > 30


def test_no_two_variants_have_the_same_weights(demo_family: Path) -> None:
    import gguf

    payloads = {
        b"".join(tensor.data.tobytes() for tensor in gguf.GGUFReader(path).tensors)
        for path in demo_family.glob("*.gguf")
    }
    assert len(payloads) == 10


def test_a_second_build_reuses_the_first(demo_family: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in demo_family.iterdir()}
    assert build_demo_family(demo_family) == demo_family
    assert {path.name: path.stat().st_mtime_ns for path in demo_family.iterdir()} == before


def test_the_family_says_that_it_is_a_toy(demo_family: Path) -> None:
    family = yaml.safe_load((demo_family / "family.yaml").read_text(encoding="utf-8"))
    assert "toy model" in family["notice"]
    assert family["variants"][6]["lineage"] == ["M4", "M5"]


def test_a_pass_that_fails_leaves_no_file_that_looks_whole(tmp_path: Path) -> None:
    source = tmp_path / "broken.gguf"
    source.write_bytes(b"GGUF" + b"\0" * 64)
    job = QuantizeJob(source=source, target=tmp_path / "out.gguf", file_type=FileType.IQ4_XS)
    with pytest.raises(EngineError, match=r"could not quantise out\.gguf"):
        quantize_files([job])
    assert not job.target.exists()
