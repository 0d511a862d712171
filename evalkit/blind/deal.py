"""One judge's deck: which pairs, which sides, which catch trials, in which order.

Every choice comes from a stream that is derived for this judge alone: no other judge's deck says anything about it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from evalkit.blind.footing import cut_alone
from evalkit.blind.keyed_random import KeyedRandom, derive_id
from evalkit.blind.pairs import Askable, ReadableTexts
from evalkit.blind.seal import item_hash
from evalkit.blind.sides import choose_sides
from evalkit.records.blind import BallotItem, ItemKind, KeyEntry

_PAIRS_PER_CATCH = 20
_LEAST_PAIRS_WITH_CATCHES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What every judge's deck is dealt from."""

    askable: tuple[Askable, ...]
    texts: ReadableTexts
    reference_label: str
    word_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One item of a deck, and what the key says of it."""

    item: BallotItem
    entry: KeyEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dealt:
    """A pair with its sides, before it has an id."""

    kind: ItemKind
    prompt_id: str
    labels: tuple[str, str]
    opening: str
    texts: tuple[str, str]

    def swapped(self) -> _Dealt:
        """The same pair, sides changed."""
        return replace(self, kind=ItemKind.REPEAT, labels=self.labels[::-1], texts=self.texts[::-1])


def count_catches(n_pairs: int) -> int:
    """Catch trials of each kind in a ballot of `n_pairs`: one in twenty, at least one, none in a very short ballot."""
    return 0 if n_pairs < _LEAST_PAIRS_WITH_CATCHES else max(1, round(n_pairs / _PAIRS_PER_CATCH))


def deal_deck(stock: Stock, judge: str, n_pairs: int, secret: bytes) -> tuple[Card, ...]:
    """The ballot's items in their order, then as many more in reserve for a server that chooses pairs.

    Fewer where the stock has fewer.
    """
    chance = KeyedRandom(secret, "deck", judge)
    n_catches = count_catches(n_pairs)
    identical = _identical(stock, n_catches, chance)
    n_wanted = n_pairs - n_catches - len(identical)
    chosen = list(islice(_choose(stock.askable, chance), 2 * n_wanted))
    asked = _with_sides(chosen[:n_wanted], chance)
    order: list[_Dealt] = [*asked, *identical]
    chance.shuffle(order)
    repeats = _place_repeats(order, n_catches, chance)
    reserve = _with_sides(chosen[n_wanted:], chance)
    return _name_cards(repeats, reserve, stock, judge, secret)


def _choose(askable: Sequence[Askable], chance: Random) -> Iterator[Askable]:
    """Pairs of variants in turn, each on the prompt that this judge has met least: any beginning is balanced."""
    waiting: defaultdict[tuple[str, str], list[Askable]] = defaultdict(list)
    for pair in askable:
        waiting[pair.labels].append(pair)
    for prompts in waiting.values():
        chance.shuffle(prompts)
    met: Counter[str] = Counter()
    while waiting:
        turn = list(waiting)
        chance.shuffle(turn)
        for labels in turn:
            pair = min(waiting[labels], key=lambda pair: met[pair.prompt_id])
            waiting[labels].remove(pair)
            met[pair.prompt_id] += 1
            yield pair
        waiting = defaultdict(list, {labels: prompts for labels, prompts in waiting.items() if prompts})


def _with_sides(pairs: Sequence[Askable], chance: Random) -> list[_Dealt]:
    sides = choose_sides([pair.labels for pair in pairs], chance)
    return [_dealt(pair, a_is_left) for pair, a_is_left in zip(pairs, sides, strict=True)]


def _dealt(pair: Askable, a_is_left: bool) -> _Dealt:
    texts = (pair.footing.a, pair.footing.b)
    return _Dealt(
        kind=ItemKind.PAIR,
        prompt_id=pair.prompt_id,
        labels=pair.labels if a_is_left else pair.labels[::-1],
        opening=pair.footing.opening,
        texts=texts if a_is_left else texts[::-1],
    )


def _identical(stock: Stock, n_catches: int, chance: Random) -> list[_Dealt]:
    """The reference against itself, on prompts drawn for this judge."""
    label = stock.reference_label
    asked = {pair.prompt_id for pair in stock.askable}
    usable = [prompt_id for owner, prompt_id in stock.texts.answers if owner == label and prompt_id in asked]
    chance.shuffle(usable)
    return [
        _Dealt(kind=ItemKind.IDENTICAL, prompt_id=prompt_id, labels=(label, label), opening="", texts=(text, text))
        for prompt_id in usable[:n_catches]
        if (text := cut_alone(stock.texts.answers[label, prompt_id], stock.word_limit))
    ]


def _place_repeats(order: list[_Dealt], n_catches: int, chance: Random) -> list[tuple[_Dealt, int | None]]:
    """The order with some of its early pairs again, late and swapped: (item, index of what it repeats)."""
    early = [n for n, dealt in enumerate(order[: (len(order) + 1) // 2]) if dealt.kind is ItemKind.PAIR]
    slots: defaultdict[int, list[int]] = defaultdict(list)
    for original in sorted(chance.sample(early, min(n_catches, len(early)))):
        slots[chance.randint(original + 1 + len(order) // 3, len(order))].append(original)
    placed: list[tuple[_Dealt, int | None]] = []
    position_of: dict[int, int] = {}
    for n in range(len(order) + 1):
        for original in slots[n]:
            placed.append((order[original].swapped(), position_of[original]))
        if n < len(order):
            position_of[n] = len(placed)
            placed.append((order[n], None))
    return placed


def _name_cards(
    asked: Sequence[tuple[_Dealt, int | None]], reserve: Sequence[_Dealt], stock: Stock, judge: str, secret: bytes
) -> tuple[Card, ...]:
    rows = [*((dealt, repeats, False) for dealt, repeats in asked), *((dealt, None, True) for dealt in reserve)]
    ids = [derive_id(secret, "item", judge, number) for number in range(len(rows))]
    return tuple(
        _card(dealt, judge, stock.texts.prompts[dealt.prompt_id], ids[n], None if of is None else ids[of], is_reserve)
        for n, (dealt, of, is_reserve) in enumerate(rows)
    )


def _card(dealt: _Dealt, judge: str, prompt: str, item_id: str, repeats: str | None, is_reserve: bool) -> Card:
    item = BallotItem(item_id=item_id, prompt=prompt, opening=dealt.opening, left=dealt.texts[0], right=dealt.texts[1])
    entry = KeyEntry(
        judge=judge,
        item_id=item_id,
        kind=dealt.kind,
        prompt_id=dealt.prompt_id,
        label_left=dealt.labels[0],
        label_right=dealt.labels[1],
        repeats=repeats,
        is_reserve=is_reserve,
        content_hash=item_hash(item),
    )
    return Card(item=item, entry=entry)
