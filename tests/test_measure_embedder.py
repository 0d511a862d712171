"""The embedder is taken only when its files are the original's, and its absence is said at once."""

import time
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants

from evalkit.measure import embedder as module
from evalkit.measure.embedder import FILE_HASHES, N_DIMENSIONS, EmbedderUnavailable, MiniLmEmbedder, find_embedder
from evalkit.records.errors import NotMeasuredError


@pytest.fixture
def no_local_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_pypi_copy", lambda: None)
    monkeypatch.setattr(module, "_hub_cache", lambda: None)


@pytest.fixture
def original() -> MiniLmEmbedder:
    found = find_embedder()
    if not isinstance(found, MiniLmEmbedder):
        pytest.skip(str(found))
    return found


def test_a_folder_without_the_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    found = find_embedder(tmp_path)
    assert isinstance(found, EmbedderUnavailable)
    assert isinstance(found, NotMeasuredError)
    assert str(tmp_path) in str(found)
    assert "model.safetensors cannot be read" in str(found)
    assert "--embedder" in str(found)


def test_a_folder_with_other_weights_is_refused_with_both_hashes(tmp_path: Path) -> None:
    for name in FILE_HASHES:
        (tmp_path / name).write_bytes(b"other")
    # sha256 of b"other", by sha256sum.
    assert "model.safetensors begins d9298a10, the original's 53aa5117" in str(find_embedder(tmp_path))


def test_a_named_folder_is_the_only_place_looked_at(tmp_path: Path) -> None:
    assert isinstance(find_embedder(tmp_path / "nowhere"), EmbedderUnavailable)


def test_offline_it_is_said_at_once(no_local_copy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    before = time.monotonic()
    found = find_embedder()
    assert time.monotonic() - before < 2
    assert isinstance(found, EmbedderUnavailable)
    assert "HF_HUB_OFFLINE" in str(found)


def test_a_hub_that_does_not_answer_is_not_waited_for(no_local_copy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the discard port: nobody listens
    before = time.monotonic()
    found = find_embedder()
    assert time.monotonic() - before < 20
    assert isinstance(found, EmbedderUnavailable)
    assert "did not give it" in str(found)


def test_a_damaged_copy_is_passed_over(tmp_path: Path, no_local_copy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_pypi_copy", lambda: tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert isinstance(find_embedder(), EmbedderUnavailable)


def test_a_model_that_does_not_load_is_a_reason_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match="cannot be loaded"):
        MiniLmEmbedder(tmp_path).embed(["text"])


def test_no_text_needs_no_model(tmp_path: Path) -> None:
    assert MiniLmEmbedder(tmp_path).embed([]).shape == (0, N_DIMENSIONS)


@pytest.mark.full
def test_rows_have_length_one_and_follow_the_texts(original: MiniLmEmbedder) -> None:
    texts = ["The grave was open.", "They had tea.", "The grave was open.", "Tea was served at the inn on the hill."]
    rows = original.embed(texts)
    assert rows.shape == (4, N_DIMENSIONS)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert (rows[0] == rows[2]).all()
    assert np.allclose(original.embed(texts[::-1]), rows[::-1], atol=1e-6)


@pytest.mark.full
def test_it_is_the_model_as_its_makers_load_it(original: MiniLmEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["Something was breathing on the other side of the door.", "word " * 400]
    oracle = SentenceTransformer(str(original.folder), device="cpu", local_files_only=True)
    assert np.allclose(original.embed(texts), oracle.encode(texts, normalize_embeddings=True), atol=1e-5)
