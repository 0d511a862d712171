"""Is the kit what was sealed? Every altered key, ballot, text or answer by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.page import read_ballot
from evalkit.blind.seal import item_hash, text_hash
from evalkit.blind.source import Key
from evalkit.records.blind import BallotItem, KeyEntry, Kit, SealedKey
from evalkit.records.errors import BlindError


def find_alterations(folder: KitFolder, kit: Kit, key: SealedKey) -> Iterator[str]:
    """What in the kit's folder differs from what the key sealed; a ballot that was moved away cannot differ."""
    if key.kit_id != kit.kit_id:
        yield f"kit.json is of kit {kit.kit_id}, the key of kit {key.kit_id}"
    judges = tuple(dict.fromkeys(entry.judge for entry in key.entries))
    if judges != kit.judges:
        yield f"kit.json names the judges {', '.join(kit.judges)}, the key {', '.join(judges)}"
    for judge in judges:
        entries = [entry for entry in key.entries if entry.judge == judge]
        if (page := folder.read_ballot_page(judge)) is not None:
            name = folder.ballot_path(judge).name
            yield from find_altered_ballot(page, name, key, kit.commitment, judge)
        yield from _deck_alterations(folder, judge, entries)


def find_altered_answers(key: SealedKey, answers: Mapping[Key, str]) -> Iterator[str]:
    """Which answers of the run are not those that the kit was made from."""
    for source in key.sources:
        text = answers.get((source.label, source.prompt_id))
        if text is None:
            yield f"the run's answer of {source.label} to {source.prompt_id} is gone"
        elif text_hash(text) != source.text_hash:
            yield f"the run's answer of {source.label} to {source.prompt_id} was altered after the kit was made"


def find_altered_ballot(
    content: str, name: str, key: SealedKey, commitment: str, judge: str | None = None
) -> Iterator[str]:
    """What in one ballot differs from what the key sealed; without `judge`, it may be any judge's of the kit."""
    try:
        page = read_ballot(content, name)
    except BlindError as error:
        yield str(error)
        return
    if page.page_hash != key.page_hash:
        yield f"{name}: the page around its texts was altered"
    ballot = page.ballot
    sealed_marks = {"kit id": key.kit_id, "judge": judge or ballot.judge, "commitment": commitment}
    found_marks = {"kit id": ballot.kit_id, "judge": ballot.judge, "commitment": ballot.commitment}
    for what, sealed in sealed_marks.items():
        if found_marks[what] != sealed:
            yield f"{name}: its {what} was altered: {found_marks[what]}, sealed was {sealed}"
    entries = [entry for entry in key.entries if entry.judge == (judge or ballot.judge) and not entry.is_reserve]
    yield from _item_alterations(name, ballot.items, entries)


def _deck_alterations(folder: KitFolder, judge: str, entries: Sequence[KeyEntry]) -> Iterator[str]:
    try:
        deck = folder.read_deck(judge)
    except BlindError as error:
        yield str(error)
        return
    yield from _item_alterations(f"the deck of {judge}", deck.items, entries)


def _item_alterations(name: str, items: Sequence[BallotItem], entries: Sequence[KeyEntry]) -> Iterator[str]:
    found, sealed = [item.item_id for item in items], [entry.item_id for entry in entries]
    if found != sealed:
        missing, added = set(sealed) - set(found), set(found) - set(sealed)
        what = [*(f"{item_id} is missing" for item_id in missing), *(f"{item_id} was added" for item_id in added)]
        yield f"{name}: its pairs were altered: {', '.join(sorted(what)) or 'their order is another'}"
    hashes = {entry.item_id: entry.content_hash for entry in entries}
    for number, item in enumerate(items, start=1):
        if item.item_id in hashes and item_hash(item) != hashes[item.item_id]:
            yield f"{name}: a text of pair {number} ({item.item_id}) was altered"
