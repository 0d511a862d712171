"""The server: each judge's own pairs, votes saved once, every wrong request a clear 4xx that changes nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from evalkit.blind.collect import collect_votes
from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.reveal import RevealOrder, reveal_kit
from evalkit.blind.vote_store import VoteStore
from evalkit.records.errors import BlindError
from tests.blind_kits import LABELS, NOW, ballot_of, kit_folder, made_kit, votes_document, write_votes
from tests.blind_server import ask, send_vote, served, vote_on


@pytest.fixture
def folder(tmp_path: Path) -> KitFolder:
    return kit_folder(tmp_path)


@pytest.fixture
def links(folder: KitFolder) -> Iterator[dict[str, str]]:
    with served(folder) as links:
        yield links


def stored(folder: KitFolder) -> dict[str, int]:
    store = VoteStore(folder.votes_path, folder.read_kit().kit_id)
    try:
        return {judge: len(votes) for judge, votes in store.read_votes().items()}
    finally:
        store.close()


def test_a_judge_votes_from_the_first_pair_to_the_receipt(folder: KitFolder, links: dict[str, str]) -> None:
    state = ask(links["ana"] + "next").json
    seen = []
    while state["item"]:
        seen.append(state["item"]["item_id"])
        state = send_vote(links["ana"], vote_on(state["item"])).json
    assert (state["n_done"], len(set(seen))) == (12, 12)
    assert stored(folder) == {"ana": 12}
    found = reveal_kit(folder, RevealOrder(now=NOW, answers=None, commitment=None, published=None, incomplete=True))
    assert next(judge.receipt for judge in found.judges if judge.judge == "ana") == state["receipt"]
    repeats = {vote.item_id: vote.repeats for vote in found.votes if vote.repeats}
    assert repeats
    assert all(seen.index(first) < seen.index(again) for again, first in repeats.items())


def test_asking_again_shows_the_same_pair_and_a_restart_too(folder: KitFolder) -> None:
    with served(folder) as links:
        first = ask(links["ana"] + "next").json
        assert ask(links["ana"] + "next").json == first
        second = send_vote(links["ana"], vote_on(first["item"])).json
    with served(folder) as links:
        assert ask(links["ana"] + "next").json == second


def test_the_same_vote_again_counts_once_and_another_is_refused(folder: KitFolder, links: dict[str, str]) -> None:
    vote = vote_on(ask(links["ana"] + "next").json["item"])
    first, again = send_vote(links["ana"], vote), send_vote(links["ana"], vote)
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    other = send_vote(links["ana"], vote | {"outcome": "right"})
    assert (other.status, stored(folder)) == (409, {"ana": 1})
    assert "stays" in other.json["error"]


def test_a_pair_that_was_not_shown_or_is_anothers_is_refused(folder: KitFolder, links: dict[str, str]) -> None:
    bens = ask(links["ben"] + "next").json["item"]
    hidden = {"item_id": folder.read_deck("ana").items[-1].item_id}
    assert ask(links["ana"] + "next").status == 200
    for item in (bens, hidden, {"item_id": "b" * 16}):
        assert send_vote(links["ana"], vote_on(item)).status == 409
    assert stored(folder) == {}


BAD_BODIES = {
    "no-json": (b"{", 400),
    "not-text": (b"\xff\xfe", 400),
    "deep": (b"[" * 16_000, 400),
    "empty-object": (b"{}", 422),
    "list": (b"[]", 422),
    "empty": (b"", 400),
}


@pytest.mark.parametrize(("body", "status"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_body_that_is_no_vote_is_refused(body: bytes, status: int, folder: KitFolder, links: dict[str, str]) -> None:
    answer = send_vote(links["ana"], body)
    assert (answer.status, stored(folder)) == (status, {})
    assert answer.json["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "best"}, {"darker": "tie"}, {"milliseconds": -1}, {"milliseconds": 10**9}, {"note": "x" * 2001},
        {"milliseconds": 3_600_000}, {"voted_at": 1}, {"label": "M1"}, {"voted_at": "now"}, {"item_id": 5},
    ],
    ids=["outcome", "darker", "negative", "days", "note", "longer-than-shown", "long-ago", "keys", "text", "id"],
)  # fmt: skip
def test_a_vote_that_cannot_be_is_refused(change: dict[str, object], folder: KitFolder, links: dict[str, str]) -> None:
    vote = vote_on(ask(links["ana"] + "next").json["item"])
    assert send_vote(links["ana"], vote | change).status == 422
    assert stored(folder) == {}
    assert send_vote(links["ana"], vote).status == 200


def test_an_oversized_vote_is_refused_unread(folder: KitFolder, links: dict[str, str]) -> None:
    vote = vote_on(ask(links["ana"] + "next").json["item"])
    answer = send_vote(links["ana"], json.dumps(vote | {"note": "x" * 200_000}).encode())
    assert (answer.status, stored(folder)) == (413, {})


def test_wrong_tokens_paths_methods_and_types_are_refused(links: dict[str, str]) -> None:
    link = links["ana"]
    root = link.split("/ballot")[0]
    vote = json.dumps(vote_on(ask(link + "next").json["item"])).encode()
    for wrong in (link[:-2] + "/", f"{root}/ballot/{'b' * 32}/", f"{root}/ballot//", f"{root}/ballot/%00/"):
        assert ask(wrong).status == 403
        assert send_vote(wrong, vote).status == 403
    for nowhere in (root + "/", root + "/key.json", link + "key", link + "../../key.json", root + "/ballot"):
        assert ask(nowhere).status == 404
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"):
        assert ask(link, method).status == 405
    assert ask(link + "votes", "POST", vote, Content_Type="text/plain").status == 415
    assert ask(link + "votes", "POST", vote, Content_Type="application/json", Content_Length="x").status == 400
    assert ask(link + "votes", "POST", vote, Content_Type="application/json", Transfer_Encoding="chunked").status == 411


@pytest.mark.parametrize(
    "line",
    [
        b"GARBAGE\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /ballot/\xe9\xff/ HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=["word", "no-path", "tls", "version", "bytes", "long"],
)
def test_a_request_that_is_none_gets_a_refusal_not_a_traceback(line: bytes, links: dict[str, str]) -> None:
    port = urlsplit(links["ana"]).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        caller.sendall(line)
        assert b'"error"' in caller.recv(4096)
    assert ask(links["ana"]).status == 200


def test_every_answer_has_the_strict_headers(links: dict[str, str]) -> None:
    for link in (links["ana"], links["ana"] + "next", links["ana"] + "gone", links["ana"][:-2] + "/"):
        headers = ask(link).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; connect-src 'self'; script-src 'sha256-")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "evalkit"


def test_nothing_that_leaves_the_server_names_a_variant_or_another_judge(links: dict[str, str]) -> None:
    sent = [ask(links["ana"]).body]
    state = ask(links["ana"] + "next")
    while state.json["item"]:
        sent.append(state.body)
        state = send_vote(links["ana"], vote_on(state.json["item"]))
    sent.append(state.body)
    for body in sent:
        text = body.decode()
        assert not [label for label in LABELS if label in text]
        assert "ben" not in text.split("</style>")[-1].split("<script>")[0]
        assert links["ben"].split("/")[-2] not in text


def test_after_the_reveal_the_server_takes_no_vote_and_does_not_start_again(folder: KitFolder) -> None:
    with served(folder) as links:
        vote = vote_on(ask(links["ana"] + "next").json["item"])
        reveal_kit(folder, RevealOrder(now=NOW, answers=None, commitment=None, published=None, incomplete=True))
        assert send_vote(links["ana"], vote).status == 409
    assert stored(folder) == {}
    with pytest.raises(BlindError, match="was revealed"), served(folder):
        pass


def test_a_kit_that_was_altered_is_not_served(folder: KitFolder) -> None:
    path = folder.path / "publisher/decks/ana.json"
    path.write_text(path.read_text("utf-8").replace("The", "A", 1), encoding="utf-8")
    with pytest.raises(BlindError, match="the deck of ana"), served(folder):
        pass


def test_votes_from_a_file_and_from_the_server_share_one_ballot(folder: KitFolder, tmp_path: Path) -> None:
    document = votes_document(ballot_of(made_kit(), "ana"))
    part = write_votes(tmp_path / "ana.json", document | {"votes": document["votes"][:6], "receipt": None})
    collect_votes(folder, [part], NOW)
    with served(folder) as links:
        state = ask(links["ana"] + "next").json
        assert state["n_done"] == 6
        while state["item"]:
            state = send_vote(links["ana"], vote_on(state["item"])).json
    assert stored(folder) == {"ana": 12}
