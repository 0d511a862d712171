"""A variant's forks in one line."""

from evalkit.records.divergence import DivergenceAnalysis, Fork, ForkKind, ForkToken, NearTieRule
from evalkit.report.fork_lines import fork_lines


def token(text: str, p_reference: float | None, p_variant: float | None, ends_turn: bool = False) -> ForkToken:
    return ForkToken(token_id=1, text=text, ends_turn=ends_turn, p_reference=p_reference, p_variant=p_variant)


def fork(prompt_id: str, at: int | None, margin: float = 0.0, kind: ForkKind | None = None, **changes: object) -> Fork:
    return Fork(
        label="M2", prompt_id=prompt_id, token_index=at, n_agreed=9 if at is None else at,
        reference=token(" calm", 0.4, 0.3), variant=token(" dread", 0.12, 0.31), reference_margin_nats=margin,
        variant_margin_nats=margin + 1, kind=kind, **changes,
    )  # fmt: skip


def lines(*forks: Fork) -> tuple[str, ...]:
    rule = NearTieRule(limit_nats=0.1, n=9)
    return fork_lines(
        DivergenceAnalysis(forks=forks, near_tie=rule, survival=(), length_tests=(), profiles=(), family=None)
    )


def test_where_it_parts_whether_by_a_tie_and_the_clearest_one() -> None:
    found = lines(
        fork("inn", 4, 0.02, ForkKind.NEAR_TIE), fork("sky", 20, 0.7, ForkKind.CHANGE_OF_MIND), fork("sea", None)
    )
    assert found == (
        "M2: 2 of 3 answers part, after 12 tokens (median); 1 near tie, 1 change of mind; "
        "the clearest in sky after 20\u00a0tokens: "
        '" calm" (40\u00a0% > 30\u00a0%) became " dread" (12\u00a0% > 31\u00a0%)',
    )


def test_equal_answers_are_told_to_be_equal_and_unread_ones_are_left_out() -> None:
    assert lines(fork("inn", None), fork("sea", None)) == ("M2: equal to the reference in all 2 answers",)
    assert lines(fork("inn", None, reason="not read")) == ()
    assert fork_lines(None) == ()


def test_an_end_and_an_unknown_probability_are_told_as_such() -> None:
    ended = Fork(
        label="M2", prompt_id="inn", token_index=3, n_agreed=3, kind=ForkKind.NOT_KNOWN,
        reference=token("", None, None, ends_turn=True), variant=token(" and", None, 0.9),
    )  # fmt: skip
    told = 'the clearest in inn after 3\u00a0tokens: the end (? > ?) became " and" (? > 90\u00a0%)'
    assert lines(ended)[0].endswith(told)


def test_unlikely_tokens_keep_their_digits() -> None:
    narrow = Fork(
        label="M2", prompt_id="inn", token_index=1, n_agreed=1, kind=ForkKind.CHANGE_OF_MIND,
        reference=token(" first", 0.0231, 0.0188), variant=token(" next", 0.0194, 0.0225),
    )  # fmt: skip
    assert '" first" (2.3\u00a0% > 1.9\u00a0%) became " next" (1.9\u00a0% > 2.2\u00a0%)' in lines(narrow)[0]
    assert "after 1\u00a0token:" in lines(narrow)[0]
