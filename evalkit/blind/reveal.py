"""Open the key: verify first, then put names to sides. From here on the kit takes no votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from evalkit.blind.collect import JudgeProgress, read_progress
from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.seal import receipt_of
from evalkit.blind.source import Key
from evalkit.blind.verify import find_alterations, find_altered_answers
from evalkit.blind.vote_store import VoteStore
from evalkit.measure.words import WORD
from evalkit.records.blind import BallotItem, JudgeReceipt, KeyEntry, Kit, Reveal, RevealedVote, SealedKey, Vote
from evalkit.records.errors import BlindError, VotesMissingError

_HASTY_MS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealOrder:
    """What the publisher asks for."""

    now: datetime
    answers: Mapping[Key, str] | None
    """The run's answers; None where the run is not at hand."""
    commitment: str | None
    """The one that was printed elsewhere: in a report, in a judge's ballot."""
    published: Kit | None
    """The kit as the run folder keeps it since it was made."""
    incomplete: bool
    """Reveal although votes are missing."""


def reveal_kit(folder: KitFolder, order: RevealOrder) -> Reveal:
    """Verify a kit and name its sides.

    Raises:
        BlindError: something is not what was sealed; every alteration by name. Nothing is written.
        VotesMissingError: judges have not voted on all pairs, and an incomplete reveal was not asked for.
    """
    kit = folder.read_kit()
    _check_commitments(kit, order)
    key = folder.read_key()
    alterations = [*find_alterations(folder, kit, key)]
    if order.answers is not None:
        alterations += find_altered_answers(key, order.answers)
    if alterations:
        listed = "\n".join(f"  {alteration}" for alteration in alterations)
        raise BlindError(f"{folder.path} is not what was sealed; nothing was revealed:\n{listed}")
    progress = read_progress(folder)
    if not order.incomplete and any(judge.n_missing for judge in progress):
        raise VotesMissingError(_missing(progress))
    reveal = _bring_together(folder, kit, key, order)
    folder.write_reveal(reveal)
    return reveal


def _check_commitments(kit: Kit, order: RevealOrder) -> None:
    elsewhere = {
        "as you gave it": order.commitment,
        "in the run folder": order.published and order.published.commitment,
    }
    for place, commitment in elsewhere.items():
        if commitment is not None and commitment != kit.commitment:
            raise BlindError(
                f"kit.json was altered: its commitment is {kit.commitment}, {place} it is {commitment}. "
                "Restore the kit as it was made."
            )


def _missing(progress: tuple[JudgeProgress, ...]) -> str:
    lines = "; ".join(
        f"{judge.judge} lacks {judge.n_missing} of {judge.n_items}" for judge in progress if judge.n_missing
    )
    return (
        f"votes are missing: {lines}.\nWhoever looks at results and then goes on voting is not blind any more: collect "
        "the rest first, or end the vote for good with --incomplete."
    )


def _bring_together(folder: KitFolder, kit: Kit, key: SealedKey, order: RevealOrder) -> Reveal:
    store = VoteStore(folder.votes_path, kit.kit_id)
    try:
        # Closed first: a vote that comes in while we read is refused, not lost without a word.
        closed_at = store.close_to_votes(int(order.now.timestamp() * 1000))
        votes = store.read_votes()
    finally:
        store.close()
    receipts = tuple(_receipt(folder, kit, judge, votes.get(judge, ())) for judge in kit.judges)
    return Reveal(
        kit_id=kit.kit_id,
        run_id=key.run_id,
        commitment=kit.commitment,
        revealed_utc=f"{datetime.fromtimestamp(closed_at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}",
        design=kit.design,
        reference_label=key.reference_label,
        labels=tuple(label for label, _ in key.payloads),
        is_complete=all(receipt.n_votes >= receipt.n_items for receipt in receipts),
        sources_checked=order.answers is not None,
        judges=receipts,
        unasked=key.unasked,
        votes=tuple(revealed for judge in kit.judges for revealed in _name_sides(folder, key, judge, votes)),
    )


def _receipt(folder: KitFolder, kit: Kit, judge: str, votes: tuple[Vote, ...]) -> JudgeReceipt:
    return JudgeReceipt(
        judge=judge,
        n_items=kit.n_items,
        n_votes=len(votes),
        receipt=receipt_of(kit.kit_id, judge, votes),
        n_hasty=sum(vote.milliseconds < _HASTY_MS for vote in votes),
        ballot_checked=folder.read_ballot_page(judge) is not None,
    )


def _name_sides(
    folder: KitFolder, key: SealedKey, judge: str, votes: Mapping[str, tuple[Vote, ...]]
) -> Iterator[RevealedVote]:
    """A judge's votes in the order of the deck."""
    by_item = {vote.item_id: vote for vote in votes.get(judge, ())}
    items = {item.item_id: item for item in folder.read_deck(judge).items}
    entries = [entry for entry in key.entries if entry.judge == judge]
    if strangers := by_item.keys() - {entry.item_id for entry in entries}:
        raise BlindError(f"the votes of {judge} name pairs that the key does not know: {', '.join(sorted(strangers))}.")
    for entry in entries:
        if entry.item_id in by_item:
            yield _revealed(entry, by_item[entry.item_id], items[entry.item_id])


def _revealed(entry: KeyEntry, vote: Vote, item: BallotItem) -> RevealedVote:
    return RevealedVote(
        judge=entry.judge,
        item_id=entry.item_id,
        kind=entry.kind,
        repeats=entry.repeats,
        prompt_id=entry.prompt_id,
        label_left=entry.label_left,
        label_right=entry.label_right,
        outcome=vote.outcome,
        darker=vote.darker,
        seconds=vote.milliseconds / 1000,
        n_words_left=len(WORD.findall(item.left)),
        n_words_right=len(WORD.findall(item.right)),
        note=vote.note,
        voted_at=vote.voted_at,
    )
