"""Blind judging: what a judge may see, what the sealed key knows, and what a reveal brings together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

KIT_SCHEMA_VERSION = 1


class Outcome(StrEnum):
    """A judge's answer to "which is better?"."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class Darker(StrEnum):
    """A judge's answer to "which is darker?"; None in a vote means that it was not answered."""

    LEFT = "left"
    RIGHT = "right"
    SAME = "same"


class ItemKind(StrEnum):
    """Why a judge is shown a pair. Only `PAIR` counts for a verdict; the others examine the judge."""

    PAIR = "pair"
    IDENTICAL = "identical"
    """The reference's text against itself: everything but a tie is noise."""
    REPEAT = "repeat"
    """A pair that the same judge was shown before, with the sides swapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotItem:
    """One pair of texts: all that a judge sees of it."""

    item_id: str
    """16 hex digits, drawn afresh for every judge and pair: it says nothing without the key."""
    prompt: str
    opening: str
    """Whole sentences with which both texts begin, shown once above them; empty where they differ from the start."""
    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """Everything that one judge is given."""

    kit_id: str
    judge: str
    commitment: str
    """sha256 of the sealed key, hex: fixed before the first vote."""
    items: tuple[BallotItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One judge's answer to one item, as it comes from a ballot. Untrusted until `blind.votes` has checked it."""

    item_id: str
    outcome: Outcome
    darker: Darker | None
    milliseconds: int
    """How long the pair stood on a visible screen."""
    voted_at: int
    """Milliseconds since 1970, by the judge's clock."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """What the sealed key knows of one item."""

    judge: str
    item_id: str
    kind: ItemKind
    prompt_id: str
    label_left: str
    label_right: str
    repeats: str | None
    """The item whose sides were swapped; None unless `kind` is `REPEAT`."""
    is_reserve: bool
    """Not in the judge's file; the server may choose it."""
    content_hash: str
    """sha256 over the item's prompt, opening, left and right text, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """One answer that the kit was made from."""

    label: str
    prompt_id: str
    text_hash: str
    """sha256 of the answer's UTF-8 bytes as it stands in the run, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaskedPair:
    """A pair that no judge is asked about, and why."""

    prompt_id: str
    label_a: str
    label_b: str
    is_equal: bool
    """Both answers are the same text, so it is a tie without a vote. Counted apart, never as a vote."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """Which text is which variant. `key.json` holds it as canonical JSON; its sha256 is the commitment."""

    kit_id: str
    run_id: str
    nonce: str
    """32 random bytes, hex: without them the key of a small kit could be guessed from the commitment."""
    secret: str
    """32 random bytes, hex: orders, sides, ids and tokens of every judge come from it."""
    reference_label: str
    payloads: tuple[tuple[str, str], ...]
    """(label, payload hash) of every variant in the kit."""
    page_hash: str
    """sha256 of the ballot page without its data, hex."""
    sources: tuple[SourceText, ...]
    unasked: tuple[UnaskedPair, ...]
    entries: tuple[KeyEntry, ...]
    schema_version: int = KIT_SCHEMA_VERSION


class Design(StrEnum):
    """Which pairs are asked."""

    ROBIN = "robin"
    """Every variant against every other."""
    STAR = "star"
    """Every variant against the reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """`kit.json`: what anybody may know before the reveal."""

    kit_id: str
    commitment: str
    created_utc: str
    design: Design
    judges: tuple[str, ...]
    n_items: int
    """Pairs in each judge's ballot, catch trials included."""
    word_limit: int
    seeded: bool
    """Made with `--seed`: whoever knows the seed can make the key again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeReceipt:
    """One judge's part in a reveal."""

    judge: str
    n_items: int
    n_votes: int
    receipt: str
    """sha256 over the judge's counted votes, hex: equal to the one that the judge's ballot showed at the end."""
    n_hasty: int
    """Votes given after less than two seconds, in which nobody reads two texts."""
    ballot_checked: bool
    """The judge's ballot still lay in the kit, and was compared with the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealedVote:
    """One vote with its sides named."""

    judge: str
    item_id: str
    kind: ItemKind
    repeats: str | None
    prompt_id: str
    label_left: str
    label_right: str
    outcome: Outcome
    darker: Darker | None
    seconds: float
    n_words_left: int
    n_words_right: int
    """Words of the texts as shown, the shared opening not counted: what length bias is measured on."""
    note: str
    voted_at: int | None = None
    """Milliseconds since 1970, by the judge's clock; None for a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """A kit after its key was opened and everything was checked against the commitment: `reveal.json`."""

    kit_id: str
    run_id: str
    commitment: str
    revealed_utc: str
    design: Design
    reference_label: str
    labels: tuple[str, ...]
    """Every variant that was asked about, in the family's order."""
    is_complete: bool
    """Every judge voted on every pair of the ballot."""
    sources_checked: bool
    """The run's answers were compared with those that the kit was made from."""
    judges: tuple[JudgeReceipt, ...]
    unasked: tuple[UnaskedPair, ...]
    votes: tuple[RevealedVote, ...]
