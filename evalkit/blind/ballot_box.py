"""The server's mind: what each judge is shown next, and which votes are taken. It knows no HTTP.

The key stays in this process: what leaves it is a `BallotItem`, a count, and a judge's own receipt.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from evalkit.blind.adaptive import JudgeDeck, Tally
from evalkit.blind.keyed_random import derive_id
from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.seal import receipt_of
from evalkit.blind.verify import find_alterations
from evalkit.blind.vote_store import Stored, Via, VoteStore
from evalkit.blind.votes import CLOCK_SLACK_MS
from evalkit.records.blind import BallotItem, Kit, Vote
from evalkit.records.errors import BlindError

_DAY_MS = 86_400_000


class Refusal(StrEnum):
    """Why a vote was not taken."""

    NOT_OPEN = "not-open"
    CONFLICT = "conflict"
    CLOSED = "closed"
    IMPOSSIBLE_TIME = "impossible-time"


_WORDS = {
    Refusal.NOT_OPEN: "This pair is not the one in your hand. Reload the page to see it.",
    Refusal.CONFLICT: "Another vote of yours on this pair was saved before; that one stays.",
    Refusal.CLOSED: "The kit was revealed. No vote is taken any more.",
    Refusal.IMPOSSIBLE_TIME: "The times of this vote cannot be: is this device's clock right? Reload, and vote again.",
}


class RefusedVoteError(BlindError):
    """A well-formed vote that is not taken; nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(_WORDS[refusal])


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeState:
    """All that a judge is told."""

    n_done: int
    n_items: int
    item: BallotItem | None
    """The pair in hand; None when all are done."""
    receipt: str | None
    """Over the votes that are saved, once all are."""


class BallotBox:
    """One kit, open for votes. Safe to use from several threads."""

    def __init__(self, folder: KitFolder, clock: Callable[[], int]) -> None:
        """Open it.

        Args:
            folder: the kit.
            clock: milliseconds since 1970.

        Raises:
            BlindError: the kit is not what was sealed, or was revealed.
        """
        self.kit: Kit = folder.read_kit()
        key = folder.read_key()
        if alterations := list(find_alterations(folder, self.kit, key)):
            raise BlindError("\n".join(("the kit is not what was sealed:", *alterations)))
        secret = bytes.fromhex(key.secret)
        self.tokens = {judge: _token(secret, judge) for judge in self.kit.judges}
        self._clock = clock
        self._lock = threading.Lock()
        self._entries = {entry.item_id: entry for entry in key.entries}
        self._decks = {
            judge: JudgeDeck([entry for entry in key.entries if entry.judge == judge]) for judge in self.kit.judges
        }
        self._items = {item.item_id: item for judge in self.kit.judges for item in folder.read_deck(judge).items}
        self._store = VoteStore(folder.votes_path, self.kit.kit_id)
        if self._store.is_closed:
            raise BlindError(_WORDS[Refusal.CLOSED])
        self._recall()

    def close(self) -> None:
        """Give the database back."""
        self._store.close()

    def judge_of(self, token: str) -> str | None:
        """Whose token it is; None for nobody's. Takes the same time for every wrong one."""
        found = None
        for judge, known in self.tokens.items():
            if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
                found = judge
        return found

    def state(self, judge: str) -> JudgeState:
        """What the judge is shown now; a new pair is chosen when the last one was voted on."""
        with self._lock:
            return self._state(judge)

    def cast(self, judge: str, vote: Vote) -> JudgeState:
        """Take a vote; on return it is on the disk. The same vote again is taken as said.

        Raises:
            RefusedVoteError: and nothing was changed.
        """
        with self._lock:
            offered_at = self._offers[judge].get(vote.item_id)
            if offered_at is None:
                raise RefusedVoteError(Refusal.NOT_OPEN)
            known = self._votes[judge].get(vote.item_id)
            if known is None:
                self._check_times(vote, offered_at)
            elif known != vote:
                raise RefusedVoteError(Refusal.CONFLICT)
            self._keep(judge, vote)
            return self._state(judge)

    def _keep(self, judge: str, vote: Vote) -> None:
        stored = self._store.add(judge, [vote], Via.SERVER, self._clock())[0]
        if stored is Stored.CLOSED:
            raise RefusedVoteError(Refusal.CLOSED)
        if stored is Stored.CONFLICT:
            # `collect` has put a vote from a file there meanwhile.
            self._recall()
            raise RefusedVoteError(Refusal.CONFLICT)
        if vote.item_id not in self._votes[judge]:
            self._votes[judge][vote.item_id] = vote
            self._tally.add(self._entries[vote.item_id], vote.outcome)

    def _check_times(self, vote: Vote, offered_at: int) -> None:
        now = self._clock()
        if vote.milliseconds > now - offered_at + CLOCK_SLACK_MS or abs(vote.voted_at - now) > _DAY_MS:
            raise RefusedVoteError(Refusal.IMPOSSIBLE_TIME)

    def _state(self, judge: str) -> JudgeState:
        votes = self._votes[judge]
        item_id = self._in_hand(judge) if len(votes) < self.kit.n_items else None
        receipt = None if item_id else receipt_of(self.kit.kit_id, judge, tuple(votes.values()))
        item = self._items[item_id] if item_id else None
        return JudgeState(n_done=len(votes), n_items=self.kit.n_items, item=item, receipt=receipt)

    def _in_hand(self, judge: str) -> str | None:
        """The item that was offered and not voted on, or a new one."""
        offers, votes = self._offers[judge], self._votes[judge]
        if waiting := next((item_id for item_id in offers if item_id not in votes), None):
            return waiting
        entry = self._decks[judge].next_entry(offers.keys() | votes.keys(), self._tally)
        if entry is None:
            return None
        now = self._clock()
        self._store.add_offer(judge, len(offers), entry.item_id, now)
        offers[entry.item_id] = now
        return entry.item_id

    def _recall(self) -> None:
        """Take everything from the disk: after a start, and after another process wrote."""
        saved, offered = self._store.read_votes(), self._store.read_offers()
        self._tally = Tally()
        self._votes: Mapping[str, dict[str, Vote]] = {
            judge: {vote.item_id: vote for vote in saved.get(judge, ())} for judge in self.kit.judges
        }
        self._offers: Mapping[str, dict[str, int]] = {judge: offered.get(judge, {}) for judge in self.kit.judges}
        for votes in self._votes.values():
            for item_id, vote in votes.items():
                if item_id in self._entries:
                    self._tally.add(self._entries[item_id], vote.outcome)


def _token(secret: bytes, judge: str) -> str:
    """128 bits that open one judge's ballot."""
    return "".join(derive_id(secret, "token", judge, part) for part in range(2))
