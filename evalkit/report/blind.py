"""Blind judging on the page: what was sealed, and after the reveal what the votes say."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.blind import Design, Kit, Reveal
from evalkit.report.format import DASH, count, share
from evalkit.report.material import Material
from evalkit.report.preference_view import PreferenceView, view_preferences

_DESIGNS = {
    Design.ROBIN: "every variant against every other",
    Design.STAR: "every variant against the reference",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """One judge's part in a revealed kit."""

    judge: str
    votes: str
    hasty: str
    repeated: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KitView:
    """One kit, sealed or revealed."""

    kit_id: str
    made: str
    commitment: str
    state: str
    is_revealed: bool
    receipts: tuple[ReceiptRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindView:
    """The section."""

    kits: tuple[KitView, ...]
    preferences: PreferenceView | None


def build_blind(material: Material) -> BlindView | None:
    """Kits and votes; None where no kit was made and no model has judged."""
    run = material.run
    if not run.kits and run.preferences is None:
        return None
    reveals = {reveal.kit_id: reveal for reveal in run.reveals}
    return BlindView(
        kits=tuple(_kit(kit, reveals.get(kit.kit_id)) for kit in run.kits),
        preferences=None if run.preferences is None else view_preferences(run.preferences),
    )


def _kit(kit: Kit, reveal: Reveal | None) -> KitView:
    seeded = " Made with --seed: whoever knows the seed can make the key." if kit.seeded else ""
    return KitView(
        kit_id=kit.kit_id,
        made=(
            f"{kit.created_utc}: {count(kit.n_items, 'pair')} for each of {count(len(kit.judges), 'judge')}, "
            f"{_DESIGNS[kit.design]}, texts cut at about {kit.word_limit} words.{seeded}"
        ),
        commitment=kit.commitment,
        state="sealed: no vote is shown before the reveal" if reveal is None else _revealed(reveal),
        is_revealed=reveal is not None,
        receipts=() if reveal is None else _receipts(reveal),
    )


def _revealed(reveal: Reveal) -> str:
    complete = "all votes in" if reveal.is_complete else "ended before all votes were in"
    checked = "key, ballots and the run’s answers" if reveal.sources_checked else "key and ballots"
    return f"revealed {reveal.revealed_utc}, {complete}; {checked} are those that were sealed"


def _receipts(reveal: Reveal) -> tuple[ReceiptRow, ...]:
    repeats = {vote.item_id for vote in reveal.votes if vote.repeats}
    return tuple(
        ReceiptRow(
            judge=judge.judge,
            votes=f"{judge.n_votes} of {judge.n_items}",
            hasty=f"{judge.n_hasty} ({share(judge.n_hasty / judge.n_votes)})" if judge.n_votes else DASH,
            repeated=str(sum(vote.judge == judge.judge and vote.item_id in repeats for vote in reveal.votes)),
            receipt=judge.receipt,
        )
        for judge in reveal.judges
    )
