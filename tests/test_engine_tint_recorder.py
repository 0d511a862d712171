"""What a model expects to begin the next word is added up along a text, and only there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evalkit.engine.tint_recorder import TintRecorders, WordStartRecorder, WordStartTokens
from evalkit.records.axis import TintMaterial, TintReading, contexts_path
from evalkit.records.errors import EngineError, RunFolderError
from evalkit.store.word_starts import read_word_starts

VOCABULARY = {"a": 0, " dark": 1, " d": 2, "read": 3, " door": 4, "x": 5}


class Pieces:
    """A tokenizer that takes the longest piece that fits."""

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        tokens = []
        while text:
            piece = max((piece for piece in VOCABULARY if text.startswith(piece)), key=len, default=None)
            if piece is None:
                return tokens
            tokens.append(VOCABULARY[piece])
            text = text[len(piece) :]
        return tokens


def reading(folder: Path) -> TintReading:
    return TintReading(material=TintMaterial(forms=("dark", "darkx", "door", "dread"), contexts=()), folder=folder)


def row(*odds: float) -> np.ndarray:
    return np.log(np.array(odds, dtype=np.float32))


def test_each_form_finds_the_token_that_begins_it_in_running_text() -> None:
    starts = WordStartTokens(("dark", "darkx", "door", "dread"), Pieces())
    assert starts.token_ids.tolist() == [1, 2, 4]
    assert starts.token_ids[starts.form_tokens].tolist() == [1, 1, 4, 2]


def test_probabilities_are_means_over_the_answers_tokens(tmp_path: Path) -> None:
    recorders = TintRecorders(reading(tmp_path), Pieces())
    recorder = recorders.along("inn", n_tokens=2)
    recorder.read(0, row(1, 4, 2, 1, 1, 1))  # of 10
    recorder.read(1, row(1, 1, 1, 1, 0.5, 0.5))  # of 5
    recorder.read(2, row(1, 1, 1, 1, 1, 1))  # after the last token: predicts none of the answer
    recorders.save("inn")
    found = read_word_starts([tmp_path / "inn.npz"])
    assert found is not None
    assert (found.context_ids, found.groups, found.n_positions) == (("inn",), ("answers",), (2,))
    # (4/10 + 1/5) / 2, (2/10 + 1/5) / 2, (1/10 + .5/5) / 2 by hand.
    assert found.probabilities[0] == pytest.approx([0.3, 0.2, 0.1], abs=1e-7)


def test_nothing_is_kept_of_an_answer_that_was_not_read(tmp_path: Path) -> None:
    recorders = TintRecorders(reading(tmp_path), Pieces())
    recorders.along("inn", n_tokens=2)
    recorders.save("inn")
    recorders.save("other")
    assert not list(tmp_path.glob("*.npz"))
    assert read_word_starts([tmp_path / "inn.npz"]) is None


def test_logits_that_are_not_numbers_end_the_variant(tmp_path: Path) -> None:
    recorder = WordStartRecorder(WordStartTokens(("dark",), Pieces()), 1)
    recorder.read(0, row(1, 1, 1, 1, 1, 1) * np.float32("nan"))
    with pytest.raises(EngineError, match="not finite"):
        recorder.save(tmp_path / "inn.npz", "inn", "answers")


def test_answers_and_contexts_are_read_back_together(tmp_path: Path) -> None:
    recorders = TintRecorders(reading(tmp_path), Pieces())
    for prompt in ("inn", "road"):
        recorders.along(prompt, n_tokens=1).read(0, row(1, 1, 1, 1, 1, 1))
        recorders.save(prompt)
    found = read_word_starts([tmp_path / "inn.npz", tmp_path / "road.npz", contexts_path(tmp_path)])
    assert found is not None
    assert found.context_ids == ("inn", "road")
    assert found.probabilities.shape == (2, 3)


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "inn.npz").write_bytes(b"PK not a zip")
    with pytest.raises(RunFolderError, match=r"inn\.npz is damaged.*Delete this one file"):
        read_word_starts([tmp_path / "inn.npz"])
