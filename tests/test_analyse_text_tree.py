"""The tree of the texts: near texts are near branches; who shares no prompt is left out."""

from evalkit.analyse.text_tree import build_text_tree
from evalkit.measure.text_pairs import text_pair_distances
from tests.measure_samples import written

LABELS = ("M1", "M2", "M3")


def test_the_two_that_write_alike_share_the_lowest_branch() -> None:
    texts = {"M1": "the cold night came", "M2": "a warm bright day", "M3": "the cold night fell"}
    generations = [written(label, "inn", text) for label, text in texts.items()]
    pairs = text_pair_distances(generations, LABELS)
    # M1 and M3 differ in one of four words: half of the mass 1/4 on either side is its own, so JS = 1/4 bit.
    assert pairs["M1", "M3"]["inn"] == 0.25
    assert pairs["M1", "M2"]["inn"] == 1
    tree = build_text_tree(pairs, LABELS)
    assert tree is not None
    assert tree.newick == "((M1:0.125,M3:0.125):0.375,M2:0.5);"
    assert tree.labels == LABELS


def test_only_first_regenerations_and_texts_with_words_are_compared() -> None:
    generations = [written("M1", "inn", "a b"), written("M2", "inn", ""), written("M3", "inn", "a b", 1)]
    assert text_pair_distances(generations, LABELS) == {}
    assert build_text_tree({}, LABELS) is None


def test_who_shares_no_prompt_with_the_others_is_left_out() -> None:
    generations = [written("M1", "inn", "a b"), written("M2", "inn", "a c"), written("M3", "sky", "a b")]
    tree = build_text_tree(text_pair_distances(generations, LABELS), LABELS)
    assert tree is not None
    assert tree.labels == ("M1", "M2")
