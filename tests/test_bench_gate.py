"""The simulation behind docs/gate.md counts what it says it counts."""

from dataclasses import replace
from pathlib import Path

from bench.gate import N_PROMPTS, Rate, _only, _rates, _table, _with_fault
from bench.gate_faults import FAULTS, Fault
from evalkit.records.family import FailedVariant
from evalkit.records.gate import Release
from evalkit.records.scores import Metric
from tests.gate_samples import release, values_of, with_facts, with_values

NAMES = tuple(f"p{number}" for number in range(max(N_PROMPTS)))
FAULT = Fault(name="spoilt", victim="M3", make=lambda _family, _target: None)


def rates(now: Release, then: Release) -> list[Rate]:
    return list(_rates("sample", [(now, then)], 3))


def test_nothing_changed_never_closes_the_gate() -> None:
    assert [rate.n_closed for rate in rates(release(NAMES), release(NAMES))] == [0] * len(N_PROMPTS)


def test_a_loss_on_every_prompt_always_does_and_names_its_rule() -> None:
    values = values_of(release(NAMES), "M3", Metric.KL_DIVERGENCE)
    worse = with_values(release(NAMES), "M3", Metric.KL_DIVERGENCE, {name: 3 * value for name, value in values.items()})
    for rate in rates(worse, release(NAMES)):
        assert rate.share == 1
        assert rate.rules["regression.divergence"] == rate.n_draws


def test_a_subset_holds_its_own_prompts_and_means() -> None:
    small = _only(release(NAMES), ("p0", "p2"))
    m3 = small.find("M3")
    assert m3 is not None
    assert (small.prompt_ids, set(m3.prompts)) == (("p0", "p2"), {"p0", "p2"})
    # Divergences are .01 times the prompt's number plus one: (.01 + .03) / 2.
    assert round(m3.figures[Metric.KL_DIVERGENCE].value or 0, 12) == 0.02


def test_a_fault_takes_its_victims_place() -> None:
    other = with_facts(release(), "M2", payload_hash="9" * 64)
    found = _with_fault(release(), other, "M2", FAULT).find("M3")
    assert found is not None
    assert found.payload_hash == "9" * 64
    failed = FailedVariant(label="F0", path=Path("F0.gguf"), cause="truncated")
    lost = _with_fault(release(), replace(release(), failed=(failed,)), "F0", FAULT)
    assert lost.find("M3") is None
    assert [one.label for one in lost.failed] == ["M3"]


def test_the_table_has_one_row_per_happening() -> None:
    rows = list(_table(rates(release(NAMES), release(NAMES))))
    assert rows[2:] == ["| sample | 0.0 % | 0.0 % | 0.0 % | none |"]


def test_every_fault_of_the_issue_is_planted() -> None:
    names = " ".join(fault.name for fault in FAULTS)
    for word in ("wrong imatrix", "swapped", "no-op", "truncated", "noised", "template", "bits", "looping"):
        assert word in names
