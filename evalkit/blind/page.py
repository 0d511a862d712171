"""A ballot as one HTML page, and the ballot read back from a page.

The page without its data is the same for every judge and kit, so its hash stands in the sealed key: altered code is
found as surely as an altered text. The content security policy allows the one script and the one style sheet that are
inlined; only the served page may talk, and only to its own server.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError

from evalkit.blind.seal import text_hash
from evalkit.records.blind import Ballot
from evalkit.records.errors import BlindError

_BALLOT: TypeAdapter[Ballot] = TypeAdapter(Ballot)
_DATA_TAG = '<script type="application/json" id="ballot-data">'
_DATA_END = "</script>"
# In a script element these would end it, open a comment or be read as markup by a careless tool.
_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


class PageKind(StrEnum):
    """Where the page's answers go."""

    FILE = "file"
    SERVED = "served"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """A ballot page taken apart."""

    ballot: Ballot
    page_hash: str
    """sha256 of the page without its data."""


def render_ballot(ballot: Ballot) -> str:
    """The page for one judge, equal for equal ballots."""
    head, tail = _page(PageKind.FILE)
    return head + _encode(ballot, {"served": False, "n_items": len(ballot.items)}) + tail


def render_served_ballot(kit_id: str, judge: str, commitment: str, n_items: int) -> str:
    """The page that asks its server for one pair after the other."""
    head, tail = _page(PageKind.SERVED)
    empty = Ballot(kit_id=kit_id, judge=judge, commitment=commitment, items=())
    return head + _encode(empty, {"served": True, "n_items": n_items}) + tail


def served_policy() -> str:
    """The served page's policy, for the HTTP header."""
    return f"{_policy(PageKind.SERVED)}; frame-ancestors 'none'"


def empty_page_hash() -> str:
    """sha256 of the page without its data, as this evalkit makes it."""
    return text_hash("".join(_page(PageKind.FILE)))


def read_ballot(page: str, place: str) -> ReadPage:
    """The ballot in a page.

    Raises:
        BlindError: there is no ballot in it, or one of another form.
    """
    head, tag, rest = page.partition(_DATA_TAG)
    content, end, tail = rest.partition(_DATA_END)
    if not tag or not end:
        raise BlindError(f"{place} is not a ballot: it has no ballot data.")
    try:
        ballot = _BALLOT.validate_python(json.loads(content))
    except (ValueError, ValidationError, RecursionError) as error:
        raise BlindError(f"{place} was altered: its data is no ballot ({type(error).__name__}).") from error
    return ReadPage(ballot=ballot, page_hash=text_hash(head + tag + end + tail))


@cache
def _page(kind: PageKind) -> tuple[str, str]:
    """The page before and after its data."""
    environment = Environment(loader=PackageLoader("evalkit.blind"), autoescape=True, undefined=StrictUndefined)
    page = environment.get_template("ballot.html.jinja").render(
        policy=_policy(kind), style=_static("ballot.css"), script=_static("ballot.js"), data=""
    )
    head, tag, tail = page.partition(_DATA_TAG)
    return head + tag, tail


def _encode(ballot: Ballot, more: dict[str, object]) -> str:
    plain = _BALLOT.dump_python(ballot, mode="json") | more
    return json.dumps(plain, ensure_ascii=False, indent=0).translate(_ESCAPES)


def _policy(kind: PageKind) -> str:
    talk = " connect-src 'self';" if kind is PageKind.SERVED else ""
    script, style = _source_hash("ballot.js"), _source_hash("ballot.css")
    return (
        f"default-src 'none';{talk} script-src '{script}'; style-src '{style}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _source_hash(name: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(_static(name).encode('utf-8')).digest()).decode('ascii')}"


def _static(name: str) -> Markup:
    # As text, so that a checkout with Windows line ends has the hash that the browser's parser sees.
    return Markup(files("evalkit.blind").joinpath("static", name).read_text(encoding="utf-8"))  # noqa: S704 - our own
