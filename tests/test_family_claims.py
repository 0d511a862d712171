"""Claims stand in `family.yaml`, strictly read, and travel with the family."""

from pathlib import Path

import pytest

from evalkit.family.family_file import SHIPPED_FOLDER, load_family_file
from evalkit.records.claims import Claim, ClaimKind, Direction
from evalkit.records.errors import FamilyError
from evalkit.records.metrics import Metric

VARIANTS = "name: F\nvariants: [{label: M1}, {label: M2}, {label: M3}, {label: M4}]\nclaims:\n"


def load(tmp_path: Path, *claims: str) -> tuple[Claim, ...]:
    path = tmp_path / "family.yaml"
    path.write_text(VARIANTS + "".join(f"  - {claim}\n" for claim in claims))
    return tuple(entry.record() for entry in load_family_file(path).claims)


def test_a_claim_of_each_kind_is_read(tmp_path: Path) -> None:
    trend, contrast, extreme = load(
        tmp_path,
        "{id: more, text: More., kind: trend, metric: kl_divergence, labels: [M2, m03, M4], least: 0.3}",
        "{id: less, text: Less., kind: contrast, metric: tint, labels: [M2], against: [M3], direction: down}",
        "{id: most, text: Most., kind: extreme, metric: delta_tint, labels: [M4]}",
    )
    assert (trend.kind, trend.labels, trend.least) == (ClaimKind.TREND, ("M2", "M3", "M4"), 0.3)
    assert (contrast.metric, contrast.against, contrast.direction) == (Metric.TINT, ("M3",), Direction.DOWN)
    assert (extreme.id, extreme.text, extreme.direction) == ("most", "Most.", Direction.UP)


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("{id: a, text: T, kind: trend, metric: tint, labels: [M2, M3]}", "at least 3 labels"),
        ("{id: a, text: T, kind: trend, metric: tint, labels: [M1, M2, M3], against: [M4]}", "no `against`"),
        ("{id: a, text: T, kind: contrast, metric: tint, labels: [M2]}", "needs `against`"),
        ("{id: a, text: T, kind: extreme, metric: tint, labels: [M2, M3]}", "one label"),
        ("{id: a, text: T, kind: contrast, metric: tint, labels: [M2], against: [M2]}", "M2 stands twice"),
        ("{id: a, text: T, kind: extreme, metric: tint, labels: [M9]}", "names M9, which is no variant"),
        ("{id: a, text: T, kind: extreme, metric: gloom, labels: [M2]}", "metric"),
        ("{id: a, text: T, kind: guess, metric: tint, labels: [M2]}", "kind"),
        ("{id: A b, text: T, kind: extreme, metric: tint, labels: [M2]}", "id"),
        ("{id: a, text: T, kind: extreme, metric: tint, labels: [M2], least: -1}", "least"),
        ("{id: a, text: T, kind: extreme, metric: tint, labels: [M2], why: x}", "unknown key"),
    ],
)
def test_wrong_claims_are_refused(tmp_path: Path, claim: str, why: str) -> None:
    with pytest.raises(FamilyError) as caught:
        load(tmp_path, claim)
    assert why in str(caught.value)


def test_two_claims_of_one_id_are_refused(tmp_path: Path) -> None:
    claim = "{id: a, text: T, kind: extreme, metric: tint, labels: [M2]}"
    with pytest.raises(FamilyError, match="two claims have the id a"):
        load(tmp_path, claim, claim)


def test_the_cards_claims_ship() -> None:
    claims = load_family_file(SHIPPED_FOLDER / "nine-rings.yaml").claims
    assert {"higher-m-strays-further", "horror-passes-add-horror", "m7-is-the-darkest"} <= {one.id for one in claims}
