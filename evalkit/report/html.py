"""A run's report: one HTML file without network, opened from `file://`, mailed and argued with.

Its content security policy allows exactly the one style sheet and the one script that are inlined, by the hash
of their bytes. The policy does not stop every kind of injected markup: escaping is the defence, and the page's
only way in for text is `_in_words`.
"""

from __future__ import annotations

import base64
import hashlib
import os
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined
from markupsafe import Markup, escape

from evalkit.records.errors import RunFolderError
from evalkit.records.run_data import RunData
from evalkit.report.head import build_head
from evalkit.report.lookup import look_up
from evalkit.report.material import Material
from evalkit.report.passage import CHARACTER_LIMIT
from evalkit.report.sections import build_sections
from evalkit.report.verdicts import build_verdicts
from evalkit.report.view import ReportView
from evalkit.report.visible import shortened, visible_label, visible_line, visible_markup

STYLES = ("page.css", "figures.css", "reading.css", "small.css")
SCRIPTS = ("page.js", "reading.js", "blind.js", "search.js")


def write_report(run: RunData, path: Path, other: RunData | None = None) -> None:
    """Write the report of a run, and of `other` beside it where one is given.

    Raises:
        RunFolderError: the file cannot be written.
    """
    write_page(render_report(build_report(run, other)), path)


def write_page(text: str, path: Path) -> None:
    """Write a page or a card; a reader of `path` sees the old one or the new one, never half of one.

    Raises:
        RunFolderError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text.encode("utf-8"))
    except OSError as error:
        raise RunFolderError(
            f"the report could not be written: {error}.\n"
            f"evalkit needs a folder it may write to: name another with --reports."
        ) from error


def build_report(run: RunData, other: RunData | None = None) -> ReportView:
    """Turn a run into what the page shows, beside another one where there is one."""
    lookup = look_up(run)
    material = Material(run=run, lookup=lookup, other=other, other_lookup=look_up(other) if other else None)
    return ReportView(
        head=build_head(run, lookup), verdicts=build_verdicts(run, lookup), sections=build_sections(material)
    )


def render_report(view: ReportView) -> str:
    """The page, equal for equal views."""
    style, script = inline(STYLES), inline(SCRIPTS)
    template = environment().get_template("report.html.jinja")
    return template.render(report=view, policy=_policy(style, script), style=style, script=script)


@cache
def environment() -> Environment:
    """The one template environment: everything is escaped, hidden characters written out, nothing undefined."""
    made = Environment(
        loader=PackageLoader("evalkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_in_words,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["prose"] = _prose
    made.filters["label"] = visible_label
    made.filters["whole"] = escape
    return made


def _in_words(value: object) -> str | int:
    """Gate of every `{{ }}`: text made safe to read; a number or None that nobody put in words is our mistake."""
    if isinstance(value, Undefined):
        str(value)  # raises, and names what is undefined
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return visible_line(value)
    if isinstance(value, int):
        return value
    raise TypeError(f"{value!r} reached the page without having been put in words")


def _prose(text: str) -> Markup:
    """Running text, with white space kept and hidden characters set apart."""
    return visible_markup(shortened(text, CHARACTER_LIMIT))


def _policy(style: Markup, script: Markup) -> str:
    return (
        f"default-src 'none'; script-src '{source_hash(script)}'; style-src '{source_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def source_hash(source: str) -> str:
    """What a content security policy calls this inlined source."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode('utf-8')).digest()).decode('ascii')}"


def inline(names: tuple[str, ...]) -> Markup:
    """Our own style sheets or scripts, one after another, ready to stand in a page."""
    # As text, so that a checkout with Windows line ends has the hash that the browser's parser sees.
    folder = files("evalkit.report").joinpath("static")
    return Markup("\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names))  # noqa: S704 - our own


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
