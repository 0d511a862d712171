"""The family's tree against a worked example, its neighbours and its groups."""

import pytest

from evalkit.analyse.family_tree import family_distances
from evalkit.records.divergence import FamilyDistances, TreeNode

# The worked example of UPGMA in Wikipedia (bacterial rRNA): joins at 17, 22, 28 and 33.
WORKED = {
    ("a", "b"): 17.0, ("a", "c"): 21.0, ("a", "d"): 31.0, ("a", "e"): 23.0, ("b", "c"): 30.0,
    ("b", "d"): 34.0, ("b", "e"): 21.0, ("c", "d"): 28.0, ("c", "e"): 39.0, ("d", "e"): 43.0,
}  # fmt: skip


def family(values: dict[tuple[str, str], float], labels: str, noise: float | None = None) -> FamilyDistances:
    found = family_distances(
        {pair: {"inn": value} for pair, value in values.items()}, {} if noise is None else {"inn": noise}, list(labels)
    )
    assert found is not None
    return found


def members(node: TreeNode) -> set[str]:
    return {node.label} if node.label else set().union(*map(members, node.branches))


def joins(node: TreeNode) -> dict[frozenset[str], float]:
    found = {frozenset(members(node)): node.height} if node.branches else {}
    for branch in node.branches:
        found |= joins(branch)
    return found


def test_the_tree_is_that_of_the_worked_example() -> None:
    found = family(WORKED, "abcde")
    assert found.tree is not None
    assert joins(found.tree) == {
        frozenset("ab"): 17, frozenset("abe"): 22, frozenset("cd"): 28, frozenset("abcde"): 33,
    }  # fmt: skip
    # Half of each height, as the example prints them: a and b 8.5, e 11, c and d 14, the root 16.5.
    assert found.newick == "(((a:8.5,b:8.5):2.5,e:11):5.5,(c:14,d:14):2.5);"


def test_the_order_of_the_family_changes_order_only() -> None:
    one, other = family(WORKED, "abcde", 20), family(WORKED, "edcba", 20)
    assert (one.tree, one.newick, one.groups) == (other.tree, other.newick, other.groups)
    assert set(one.neighbours) == set(other.neighbours)
    assert {(pair.first, pair.second): pair.js_nats for pair in one.pairs} == {
        (pair.first, pair.second): pair.js_nats for pair in other.pairs
    }


def test_neighbours_within_the_noise_are_the_same_model_in_effect() -> None:
    found = {one.label: one for one in family(WORKED, "abcde", noise=17).neighbours}
    assert (found["a"].nearest, found["a"].js_nats, found["a"].is_within_noise) == ("b", 17, True)
    assert (found["d"].nearest, found["d"].is_within_noise) == ("c", False)
    assert family(WORKED, "abcde").neighbours[0].is_within_noise is None


@pytest.mark.parametrize(("noise", "groups"), [(16.9, ()), (17, (("a", "b"),)), (24, (("a", "b", "e"),))])
def test_a_group_holds_only_what_no_pair_of_it_tells_apart(noise: float, groups: tuple[tuple[str, ...], ...]) -> None:
    assert family(WORKED, "abcde", noise).groups == groups


def test_equal_models_are_a_group_even_without_noise() -> None:
    found = family({("M1", "M2"): 0.3, ("M1", "M3"): 0.3, ("M2", "M3"): 0.0}, ["M1", "M2", "M3"])  # type: ignore[arg-type]
    assert found.groups == (("M2", "M3"),)


def test_pairs_are_means_over_prompts_with_intervals() -> None:
    found = family_distances({("M1", "M2"): {"inn": 1.0, "sky": 3.0}}, {}, ["M1", "M2"])
    assert found is not None
    # Mean 2, standard error 1, t of 1 degree 12.706; a distance is never below 0.
    (pair,) = found.pairs
    assert (pair.js_nats.value, pair.js_nats.low, pair.js_nats.n) == (2, 0, 2)
    assert pair.js_nats.high == pytest.approx(14.706, abs=1e-3)


def test_who_has_no_prompt_in_common_is_left_out_and_nobody_is_no_family() -> None:
    apart = {("M1", "M2"): {"inn": 1.0}, ("M1", "M3"): {"sky": 1.0}}
    found = family_distances(apart, {}, ["M1", "M2", "M3"])
    assert found is not None
    assert found.labels == ("M1", "M2")
    assert family_distances({}, {}, ["M1"]) is None


def test_names_of_strangers_do_not_break_newick() -> None:
    found = family({("M(1", "M;2"): 1.0}, ["M(1", "M;2"])  # type: ignore[arg-type]
    assert found.newick == "(M_1:0.5,M_2:0.5);"
