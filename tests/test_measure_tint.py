"""Tint is an exact sum over sentences, is darker where a reader shudders, and says when it means nothing."""

import itertools
import json
import math

import numpy as np
import pytest
from scipy.stats import ttest_ind

from evalkit.analyse.intervals import holm_adjusted
from evalkit.measure.embedder import N_DIMENSIONS, Embedder, find_embedder
from evalkit.measure.meaning import Meaning, read_meanings
from evalkit.measure.passage import read_passage
from evalkit.measure.tint import dark_share, horror_probability, peak_tint, text_tint, tint_sentences
from evalkit.measure.tint_fit import NEUTRAL
from evalkit.measure.tint_lite import LiteModel, shipped_lite
from evalkit.measure.tint_model import DATA_FOLDER, Kernel, TintModel, horror_lexicon, save_model, shipped_model
from evalkit.measure.words import list_words
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import SentenceTint
from tests.measure_samples import LABELS, PUBLISHED, WordEmbedder


def sentence(tint: float, n_words: int = 40) -> SentenceTint:
    return SentenceTint(start=0, end=1, n_words=n_words, tint=tint, category="dread")


def sentences_of(text: str, embedder: Embedder) -> tuple[SentenceTint, ...]:
    meaning = read_meanings([text], embedder)[text]
    assert isinstance(meaning, Meaning), meaning
    return meaning.sentences


def test_text_tint_is_the_word_weighted_mean() -> None:
    assert text_tint([sentence(80, 30), sentence(40, 10)]) == pytest.approx((30 * 80 + 10 * 40) / 40)


def test_text_tint_is_clipped_and_sentences_are_not() -> None:
    assert text_tint([sentence(130, 40)]) == 100
    assert text_tint([sentence(-30, 40)]) == 0
    assert text_tint([sentence(130), sentence(50)]) == 90


def test_peak_is_the_mean_of_the_darkest_quarter() -> None:
    assert peak_tint([sentence(tint) for tint in (10, 20, 30, 40, 50, 60, 70, 80)]) == 75
    assert peak_tint([sentence(60, 40)]) == 60
    assert peak_tint([sentence(tint) for tint in (10, 20, 30, 40, 90)]) == 65  # 5 / 4, rounded up


def test_dark_share_counts_words_above_the_boundary() -> None:
    assert dark_share([sentence(50.1, 30), sentence(50, 10)]) == 0.75


@pytest.mark.parametrize("figure", [text_tint, horror_probability, peak_tint, dark_share])
def test_forty_words_are_needed(figure) -> None:
    figure([sentence(60, 40)])
    with pytest.raises(NotMeasuredError, match=r"at least 40 words.* has 39"):
        figure([sentence(60, 39)])
    with pytest.raises(NotMeasuredError, match="has 0"):
        figure([])


def test_probability_is_the_logistic_of_the_unclipped_log_odds() -> None:
    assert horror_probability([sentence(50)]) == 0.5
    assert horror_probability([sentence(50 + 10 * math.log(3))]) == pytest.approx(0.75)
    assert 1 - 1e-6 < horror_probability([sentence(1e9)]) <= 1


def test_a_sentences_tint_is_fifty_plus_ten_logits() -> None:
    silent = Kernel(
        centre=np.zeros(2), scale=1.0, supports=np.zeros((1, 2)), coefficients=np.zeros(1), intercept=0.0, gamma=1.0
    )
    model = TintModel(
        axis=np.array([1.0, 0.0]), slope=2.0, intercept=-0.5, word_slope=0.5, kernel=silent, kernel_slope=1.0,
        anchors=np.array([[1.0, 0.0], [0.0, 1.0]]), categories=("dread", NEUTRAL),
    )  # fmt: skip
    text = "The corpse smiled in the DARK. They had tea."
    vectors = np.array([[0.8, 0.6], [0.0, 1.0]], dtype=np.float32)
    words = LiteModel(weights={"corpse": 3.0, "dark": 1.0, "tea": -3.0}, intercept=9.0)
    first, second = tint_sentences(text, read_passage(text), vectors, model, words)
    # 2 x .8 - .5 + .5 x (3 + 1) / 6 words, and 2 x 0 - .5 - .5 x 3 / 3 words; the list's own constant has no part.
    assert first.tint == pytest.approx(50 + 10 * (1.1 + 2 / 6))
    assert second.tint == pytest.approx(50 - 10 * 1.0)
    assert (first.category, second.category) == ("dread", NEUTRAL)
    assert (first.lexicon_hits, second.lexicon_hits) == (("corpse", "dark"), ())
    assert (text[first.start : first.end], first.n_words) == ("The corpse smiled in the DARK.", 6)


@pytest.mark.parametrize("label", LABELS)
def test_sentence_tints_add_up_to_the_log_odds_of_the_mean_embedding(label: str) -> None:
    meaning = read_meanings([PUBLISHED[label]], WordEmbedder())[PUBLISHED[label]]
    assert isinstance(meaning, Meaning)
    n_words = sum(item.n_words for item in meaning.sentences)
    mean = sum(item.n_words * item.tint for item in meaning.sentences) / n_words
    passage = read_passage(PUBLISHED[label])
    words = [word for one in passage.sentences for word in list_words(PUBLISHED[label][one.start : one.end])]
    (log_odds,) = shipped_model().log_odds(meaning.embedding[None, :], [shipped_lite().evidence(words)], [1])
    assert mean == pytest.approx(50 + 10 * log_odds, abs=1e-4)  # the embeddings are float32


def test_texts_share_one_pass_and_equal_windows_are_read_once() -> None:
    embedder = WordEmbedder()
    read_meanings([PUBLISHED["M1"], PUBLISHED["M2"], PUBLISHED["M1"]], embedder)
    (batch,) = embedder.batches
    assert len(batch) == len(set(batch))


def test_a_text_that_cannot_be_read_does_not_stop_the_others() -> None:
    meanings = read_meanings(["", PUBLISHED["M1"]], WordEmbedder())
    assert isinstance(meanings[""], NotMeasuredError)
    assert isinstance(meanings[PUBLISHED["M1"]], Meaning)


def test_the_lexicon_is_plain_lower_case_words() -> None:
    words = horror_lexicon()
    assert {"dread", "corpse", "silence", "blood"} <= words
    assert all(word.isalpha() and word == word.lower() for word in words)


def test_the_shipped_model_has_an_anchor_for_every_line_of_the_list() -> None:
    content = json.loads((DATA_FOLDER / "anchors.json").read_text("utf-8"))
    model = shipped_model()
    assert list(model.categories) == [one["category"] for one in content["horror"]] + [NEUTRAL] * len(
        content["neutral"]
    )
    assert model.anchors.shape == (len(model.categories), N_DIMENSIONS)
    assert model.slope > 0


def test_a_saved_model_is_the_same_when_loaded_and_saved_again(tmp_path) -> None:
    save_model(shipped_model(), tmp_path / "one.npz")
    save_model(shipped_model(), tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


QUIET_DREAD = (
    "The boy set four plates, though there were only three of us now. Mother did not tell him to put one back. "
    "All through supper we kept our eyes on our food and nobody looked at the end of the table. When I carried the "
    "dishes out afterwards, the fourth plate was clean, and it was still wet."
)
BREAKFAST = (
    "The boy set four plates, and his aunt brought the bread in warm from the oven. Mother told him he was a great "
    "help. All through breakfast we made plans for the picnic and laughed about the dog and the postman. When I "
    "carried the dishes out afterwards, the sun was on the lawn, and the others were waiting."
)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    found = find_embedder()
    if isinstance(found, NotMeasuredError):
        pytest.skip(str(found))
    return found


@pytest.mark.full
def test_quiet_dread_is_darker_than_breakfast(embedder: Embedder) -> None:
    assert text_tint(sentences_of(QUIET_DREAD, embedder)) > text_tint(sentences_of(BREAKFAST, embedder)) + 20


@pytest.mark.full
def test_published_answers_score_where_the_feasibility_study_found_them(embedder: Embedder) -> None:
    # "About 74 to 92", near the ceiling, by another form; this one is steeper, so only the floor is held to.
    tints = [text_tint(sentences_of(text, embedder)) for text in PUBLISHED.values()]
    assert all(71 <= tint <= 100 for tint in tints), tints
    assert max(tints) - min(tints) > 10


@pytest.mark.full
@pytest.mark.parametrize("first", [0, 1, 2])
def test_no_pair_of_published_answers_can_be_told_apart(embedder: Embedder, first: int) -> None:
    # A sentence is read with its two neighbours: only every third one's window shares no text with the one before.
    tints = {label: [one.tint for one in sentences_of(PUBLISHED[label], embedder)[first::3]] for label in LABELS}
    p_values = {
        f"{one} {other}": float(ttest_ind(tints[one], tints[other], equal_var=False).pvalue)
        for one, other in itertools.combinations(LABELS, 2)
    }
    assert len(p_values) == 45
    assert not [pair for pair, p in holm_adjusted(p_values).items() if p < 0.05]


@pytest.mark.full
def test_a_tint_does_not_depend_on_what_is_scored_beside_it(embedder: Embedder) -> None:
    alone = text_tint(sentences_of(PUBLISHED["M7"], embedder))
    beside = read_meanings([QUIET_DREAD, *reversed(PUBLISHED.values()), BREAKFAST], embedder)[PUBLISHED["M7"]]
    assert isinstance(beside, Meaning)
    assert math.isclose(alone, text_tint(beside.sentences), abs_tol=0.1)


@pytest.mark.full
def test_a_tint_does_not_depend_on_the_number_of_threads(embedder: Embedder) -> None:
    import torch

    before = torch.get_num_threads()
    tints = []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            tints.append(text_tint(sentences_of(QUIET_DREAD, embedder)))
    finally:
        torch.set_num_threads(before)
    assert math.isclose(*tints, abs_tol=0.1)


@pytest.mark.full
def test_a_tint_does_not_depend_on_the_size_of_a_batch(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    tints = []
    for size in (1, 5, 32, 200):
        monkeypatch.setattr("evalkit.measure.embedder._BATCH_SIZE", size)
        meaning = read_meanings(PUBLISHED.values(), embedder)[PUBLISHED["M2"]]
        assert isinstance(meaning, Meaning)
        tints.append(text_tint(meaning.sentences))
    assert max(tints) - min(tints) < 0.1


@pytest.mark.full
def test_a_word_beyond_what_the_embedder_reads_still_moves_the_tint(embedder: Embedder) -> None:
    # One line of 2,000 words: only windows let its last part count.
    calm = BREAKFAST.replace("\n", " ").lower().replace(".", "")
    dark = QUIET_DREAD.lower().replace(".", "")
    start = " ".join([calm] * 8)
    assert (
        text_tint(sentences_of(f"{start} {dark} {dark} {dark}", embedder))
        > text_tint(sentences_of(start, embedder)) + 1
    )
