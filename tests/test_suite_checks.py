"""A suite declares what its answers must have; checks are data, strictly read, and no part of a prompt's identity."""

from pathlib import Path

import pytest

from evalkit.records.errors import SuiteError
from evalkit.records.suite import Check, CheckKind
from evalkit.suite.load import SuiteRequest, load_suite

HEAD = "name: own\nmax_tokens: 9\nprompts:\n  - id: a\n    text: Write.\n"


def load(tmp_path: Path, checks: str) -> tuple[Check, ...]:
    path = tmp_path / "own.yaml"
    path.write_text(HEAD + checks)
    return load_suite(SuiteRequest(name_or_path=str(path))).prompts[0].checks


def test_the_standard_suite_checks_six_plots_and_800_to_1000_words() -> None:
    checks = {prompt.id: prompt.checks for prompt in load_suite(SuiteRequest()).prompts}
    assert checks["black-mirror"] == (Check(kind=CheckKind.N_ITEMS, least=6, most=6),)
    assert checks["bravado"] == (Check(kind=CheckKind.N_WORDS, least=800, most=1000),)
    assert checks["waystone"] == checks["radiative-cooling"] == ()


def test_every_kind_of_check_is_read(tmp_path: Path) -> None:
    checks = """    checks:
      - {kind: n_items, exactly: 3}
      - {kind: n_words, most: 50}
      - {kind: starts_with, text: Once}
      - {kind: contains, text: moon}
      - {kind: lacks, text: sun}
"""
    assert load(tmp_path, checks) == (
        Check(kind=CheckKind.N_ITEMS, least=3, most=3),
        Check(kind=CheckKind.N_WORDS, most=50),
        Check(kind=CheckKind.STARTS_WITH, text="Once"),
        Check(kind=CheckKind.CONTAINS, text="moon"),
        Check(kind=CheckKind.LACKS, text="sun"),
    )


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("{kind: n_words}", "needs `exactly`, `least` or `most`"),
        ("{kind: n_words, least: 9, most: 8}", "`least` 9 above `most` 8"),
        ("{kind: n_items, exactly: 6, most: 8}", "`exactly` beside a range"),
        ("{kind: n_items, exactly: -1}", "greater than or equal to 0"),
        ("{kind: n_words, least: many}", "integer"),
        ("{kind: starts_with}", "text: missing"),
        ("{kind: contains, text: ''}", "blank"),
        ("{kind: rhymes}", "kind"),
        ("{exactly: 6}", "kind"),
    ],
)
def test_wrong_checks_are_refused_with_their_place(tmp_path: Path, check: str, why: str) -> None:
    with pytest.raises(SuiteError, match=r"prompts\[0\]\.checks\[0\]") as caught:
        load(tmp_path, f"    checks:\n      - {check}\n")
    assert why in str(caught.value)


def test_a_check_changes_no_hash_since_it_decides_no_token(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(HEAD)
    before = load_suite(SuiteRequest(name_or_path=str(path)))
    path.write_text(f"{HEAD}    checks:\n      - {{kind: n_words, most: 50}}\n")
    after = load_suite(SuiteRequest(name_or_path=str(path)))
    assert before.content_hash == after.content_hash
    assert before.prompts[0].content_hash == after.prompts[0].content_hash


def test_another_token_limit_keeps_the_checks() -> None:
    (prompt,) = load_suite(SuiteRequest(prompt_ids=("bravado",), max_tokens=40)).prompts
    assert (prompt.max_tokens, len(prompt.checks)) == (40, 1)
