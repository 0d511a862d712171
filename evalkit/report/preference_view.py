"""What votes add up to, in words and rounded numbers: page and terminal share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.records.judgement import Mark
from evalkit.records.preferences import (
    Agreement,
    JudgeCheck,
    ModelJudge,
    Preferences,
    Question,
    QuestionResult,
    Rating,
    Standing,
    UnreadableReply,
    WinCell,
)
from evalkit.report.format import DASH, MINUS, count, share
from evalkit.report.visible import shortened
from evalkit.report.vote_words import FigureText, figure_text, p_text, share_with_p

UNREADABLE_SHOWN = 20
REPLY_LIMIT = 200
"""Characters of an unreadable reply."""

_TITLES = {Question.BETTER: "Which is better?", Question.DARKER: "Which is darker?"}
_ABOVE = {Question.BETTER: "better than the reference", Question.DARKER: "darker than the reference"}
_BELOW = {Question.BETTER: "worse than the reference", Question.DARKER: "less dark than the reference"}
_LOOKS = {
    Question.BETTER: {Standing.ABOVE: "is-good", Standing.BELOW: "is-bad", Standing.EQUIVALENT: "is-good"},
    # Darker is neither good nor bad.
    Question.DARKER: dict[Standing, str](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRow:
    """One variant."""

    label: str
    win_share: FigureText
    elo: FigureText
    p: str
    standing: str
    look: str
    reason: str
    """Why it was not measured; empty where it was."""
    missing: str
    """How many more votes would settle it."""
    span: tuple[str, str, str] | None
    """Low, share and high, 0 to 100, for the drawing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WinRow:
    """One variant's wins, losses and ties against each other one."""

    label: str
    cells: tuple[str, ...]
    """In the order of all labels; empty against itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRow:
    """Two judges."""

    who: str
    alpha: FigureText
    agreement: FigureText


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """One question, answered."""

    title: str
    lede: str
    ratings: tuple[RatingRow, ...]
    labels: tuple[str, ...]
    wins: tuple[WinRow, ...]
    agreements: tuple[AgreementRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """What a judge's votes say of the judge."""

    judge: str
    n_votes: int
    n_ties: int
    left: FigureText
    longer: FigureText
    identical: FigureText


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRow:
    """One criterion of the exam."""

    criterion: str
    found: str
    needed: str
    verdict: str
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """One model judge."""

    judge: str
    model: str
    payload_hash: str
    is_fit: bool
    fitness: str
    counts: str
    unreadable: tuple[str, ...]
    """The first replies that could not be read, word for word, each with its problem."""
    marks: tuple[MarkRow, ...]
    check: CheckRow
    questions: tuple[QuestionView, ...]
    agreements: tuple[AgreementRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceView:
    """People first, then each model."""

    reference: str
    questions: tuple[QuestionView, ...]
    checks: tuple[CheckRow, ...]
    models: tuple[ModelView, ...]
    notes: tuple[str, ...]


def view_preferences(preferences: Preferences) -> PreferenceView:
    """Everything that is said of a run's votes."""
    reference = preferences.reference_label
    return PreferenceView(
        reference=reference,
        questions=tuple(_question(result, reference) for result in preferences.results),
        checks=tuple(map(_check, preferences.checks)),
        models=tuple(_model(model, reference) for model in preferences.models),
        notes=preferences.notes,
    )


def _question(result: QuestionResult, reference: str) -> QuestionView:
    labels = tuple(dict.fromkeys(label for cell in result.wins for label in (cell.label_a, cell.label_b)))
    return QuestionView(
        title=_TITLES[result.question],
        lede=(
            f"{count(result.n_votes, 'vote')} of {count(result.n_judges, 'judge')} on "
            f"{count(result.n_prompts, 'prompt')}, set against {reference}."
        ),
        ratings=tuple(_rating(rating, result.question) for rating in result.ratings),
        labels=labels,
        wins=_wins(result.wins, labels),
        agreements=tuple(map(_agreement, result.agreements)),
    )


def _rating(rating: Rating, question: Question) -> RatingRow:
    of = rating.win_share
    return RatingRow(
        label=rating.label,
        win_share=figure_text(of),
        elo=figure_text(rating.elo, signed=True),
        p=DASH if rating.p_adjusted is None else p_text(rating.p_adjusted),
        standing=_standing(rating, question),
        look=_LOOKS[question].get(rating.standing, "is-open"),
        reason=of.reason or "",
        missing=_missing(rating),
        span=None
        if of.value is None or of.low is None or of.high is None
        else (f"{of.low * 100:.2f}", f"{of.value * 100:.2f}", f"{of.high * 100:.2f}"),
    )


def _standing(rating: Rating, question: Question) -> str:
    match rating.standing:
        case Standing.ABOVE:
            return _ABOVE[question]
        case Standing.BELOW:
            return _BELOW[question]
        case Standing.EQUIVALENT:
            return "no difference larger than 60:40 at 95\N{NO-BREAK SPACE}%"
        case Standing.OPEN:
            return "cannot be told apart yet"
        case Standing.NOT_MEASURED:
            return "not measured"


def _missing(rating: Rating) -> str:
    if rating.n_votes_missing is None:
        return DASH
    return "none" if rating.n_votes_missing == 0 else f"about {rating.n_votes_missing:,}"


def _wins(cells: Sequence[WinCell], labels: Sequence[str]) -> tuple[WinRow, ...]:
    texts: dict[tuple[str, str], str] = {}
    for cell in cells:
        undecided = cell.n_ties + cell.n_both_bad
        equal = f" ({cell.n_unasked_equal} equal)" if cell.n_unasked_equal else ""
        if not cell.n_a + cell.n_b + undecided:
            texts[cell.label_a, cell.label_b] = texts[cell.label_b, cell.label_a] = equal.strip() or DASH
            continue
        texts[cell.label_a, cell.label_b] = f"{cell.n_a}\N{EN DASH}{undecided}\N{EN DASH}{cell.n_b}{equal}"
        texts[cell.label_b, cell.label_a] = f"{cell.n_b}\N{EN DASH}{undecided}\N{EN DASH}{cell.n_a}{equal}"
    return tuple(WinRow(label=row, cells=tuple(texts.get((row, column), "") for column in labels)) for row in labels)


def _agreement(agreement: Agreement) -> AgreementRow:
    a, b = agreement.judge_a, agreement.judge_b
    alpha = agreement.alpha
    return AgreementRow(
        who=f"{a}, sides swapped" if a == b else f"{a} and {b}",
        alpha=FigureText(
            text=DASH if alpha.value is None else f"{alpha.value:.2f}".replace("-", MINUS),
            interval=f"{count(alpha.n, 'pair')}" if alpha.value is not None and alpha.n else "",
            reason=alpha.reason or "",
        ),
        agreement=figure_text(agreement.agreement),
    )


def _check(check: JudgeCheck) -> CheckRow:
    return CheckRow(
        judge=check.judge,
        n_votes=check.n_votes,
        n_ties=check.n_ties,
        left=share_with_p(check.left_share, check.left_p),
        longer=share_with_p(check.longer_share, check.longer_p),
        identical=figure_text(check.identical_ties),
    )


def _model(model: ModelJudge, reference: str) -> ModelView:
    is_fit = model.exam.is_fit
    return ModelView(
        judge=model.judge,
        model=model.model,
        payload_hash=model.payload_hash,
        is_fit=is_fit,
        fitness=(
            "passed the exam: its verdicts are shown, apart from people's"
            if is_fit
            else "failed the exam: it is unfit as a judge, and its votes carry no weight"
        ),
        counts=(
            f"{count(model.n_pairs, 'pair')}, each in both orders: {model.n_swayed:,} swayed by position and "
            f"{model.n_wavering:,} wavering, both counted as ties; {model.n_unreadable:,} unreadable."
        ),
        unreadable=tuple(map(_unreadable, model.unreadable[:UNREADABLE_SHOWN])),
        marks=tuple(map(_mark, model.exam.marks)),
        check=_check(model.check),
        questions=tuple(_question(result, reference) for result in model.results),
        agreements=tuple(map(_agreement, model.agreements)),
    )


def _unreadable(reply: UnreadableReply) -> str:
    said = f"“{shortened(reply.raw, REPLY_LIMIT)}”" if reply.raw else "nothing said"
    return f"{reply.prompt_id}, A {reply.label_a}, B {reply.label_b}: {said}; {reply.problem}"


def _mark(mark: Mark) -> MarkRow:
    return MarkRow(
        criterion=mark.criterion.value,
        found=f"{share(mark.share)} of {mark.n}" if mark.n else "nothing to judge it on",
        needed=share(mark.needed),
        verdict="passed" if mark.is_passed else "failed",
        look="is-good" if mark.is_passed else "is-bad",
    )
