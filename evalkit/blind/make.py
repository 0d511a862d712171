"""A kit from a run: cleaned texts, dealt decks, the sealed key, and ballots in which nothing tells."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from evalkit.blind.clean import Finding
from evalkit.blind.deal import Card, Stock, deal_deck
from evalkit.blind.keyed_random import derive, derive_id
from evalkit.blind.leak_scan import find_leaks
from evalkit.blind.names import Names
from evalkit.blind.page import empty_page_hash, render_ballot
from evalkit.blind.pairs import clean_texts, list_pairs
from evalkit.blind.seal import commitment_of, key_bytes, text_hash
from evalkit.blind.source import Source
from evalkit.records.blind import Ballot, Design, Kit, SealedKey, SourceText, UnaskedPair
from evalkit.records.errors import BlindError, UsageError

_JUDGE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
_NONCES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KitOrder:
    """What the publisher asks for."""

    judges: tuple[str, ...]
    n_pairs: int
    """Pairs in each ballot, catch trials included."""
    design: Design
    word_limit: int
    secret: bytes
    seeded: bool
    created_utc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was taken out and left out; it names variants, so it stays with the publisher."""

    run_id: str
    removals: tuple[Finding, ...]
    ordinary_names: tuple[str, ...]
    """Names that were left in the texts, since most variants use them as words."""
    unasked: tuple[UnaskedPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKit:
    """A kit before it is written."""

    kit: Kit
    key: SealedKey
    key_bytes: bytes
    audit: Audit
    decks: tuple[Ballot, ...]
    """Per judge: the ballot's items, then the reserve."""
    pages: tuple[tuple[str, str], ...]
    """(judge, HTML)"""


def make_kit(source: Source, order: KitOrder) -> MadeKit:
    """Deal, seal, render and scan a kit.

    Raises:
        UsageError: judges' names that cannot be used, or nothing to ask.
        BlindError: a ballot would tell which text is whose.
    """
    texts = clean_texts(source)
    askable, unasked = list_pairs(source, texts, order.design, order.word_limit)
    names = Names([name for name in source.names if name.text not in texts.ordinary_names], {})
    _check_judges(order.judges, names)
    if not askable:
        raise UsageError(_nothing_to_ask(unasked))
    stock = Stock(askable=askable, texts=texts, reference_label=source.reference_label, word_limit=order.word_limit)
    cards = {judge: deal_deck(stock, judge, order.n_pairs, order.secret) for judge in order.judges}
    key = _key(source, unasked, cards, order.secret, names)
    content = key_bytes(key)
    kit = _kit(order, key, commitment_of(content), cards)
    pages = tuple((judge, render_ballot(_ballot(kit, judge, cards[judge], reserve=False))) for judge in order.judges)
    if leaks := [leak for judge, page in pages for leak in find_leaks(page, names, f"the ballot of {judge}")]:
        shown = "\n".join(leaks[:10])
        raise BlindError(f"no kit was made, because {len(leaks)} places in it would tell which text is whose:\n{shown}")
    return MadeKit(
        kit=kit,
        key=key,
        key_bytes=content,
        audit=Audit(
            run_id=source.run_id,
            removals=texts.findings,
            ordinary_names=texts.ordinary_names,
            unasked=unasked,
        ),
        decks=tuple(_ballot(kit, judge, deck, reserve=True) for judge, deck in cards.items()),
        pages=pages,
    )


def _check_judges(judges: tuple[str, ...], names: Names) -> None:
    if not judges:
        raise UsageError("no judge was named: --judges ana,ben.")
    for judge in judges:
        if not _JUDGE.fullmatch(judge):
            raise UsageError(
                f"{judge!r} cannot be a judge's name: it goes into file names, so it must be up to 32 "
                "letters (a to z), digits, - or _, and begin with a letter."
            )
        if found := next(names.find(judge), None):
            raise UsageError(f"the judge's name {judge!r} holds {found!r}, which names a variant. Choose another name.")
    twice = [name for name, count in Counter(judge.casefold() for judge in judges).items() if count > 1]
    if twice:
        raise UsageError(f"two judges have one name: {', '.join(twice)}. Every judge needs a ballot of their own.")


def _nothing_to_ask(unasked: tuple[UnaskedPair, ...]) -> str:
    reasons = Counter(pair.reason for pair in unasked).most_common(3)
    listed = "; ".join(f"{count} times: {reason}" for reason, count in reasons) or "there are fewer than two variants"
    return f"there is no pair to ask about ({listed}). A kit needs two variants whose answers differ."


def _key(
    source: Source, unasked: tuple[UnaskedPair, ...], cards: dict[str, tuple[Card, ...]], secret: bytes, names: Names
) -> SealedKey:
    """The key under a nonce with which its own commitment holds no name by chance."""
    key = SealedKey(
        kit_id=derive_id(secret, "kit"),
        run_id=source.run_id,
        nonce="",
        secret=secret.hex(),
        reference_label=source.reference_label,
        payloads=source.payloads,
        page_hash=empty_page_hash(),
        sources=tuple(
            SourceText(label=label, prompt_id=prompt_id, text_hash=text_hash(text))
            for (label, prompt_id), text in sorted(source.answers.items())
        ),
        unasked=unasked,
        entries=tuple(card.entry for deck in cards.values() for card in deck),
    )
    for number in range(_NONCES):
        sealed = replace(key, nonce=derive(secret, "nonce", number).hex())
        if next(names.find(commitment_of(key_bytes(sealed))), None) is None:
            return sealed
    raise BlindError("a variant's label is so short that every commitment holds it. Give it a longer label.")


def _kit(order: KitOrder, key: SealedKey, commitment: str, cards: dict[str, tuple[Card, ...]]) -> Kit:
    first = cards[order.judges[0]]
    return Kit(
        kit_id=key.kit_id,
        commitment=commitment,
        created_utc=order.created_utc,
        design=order.design,
        judges=order.judges,
        n_items=sum(not card.entry.is_reserve for card in first),
        word_limit=order.word_limit,
        seeded=order.seeded,
    )


def _ballot(kit: Kit, judge: str, deck: tuple[Card, ...], *, reserve: bool) -> Ballot:
    items = tuple(card.item for card in deck if reserve or not card.entry.is_reserve)
    return Ballot(kit_id=kit.kit_id, judge=judge, commitment=kit.commitment, items=items)
