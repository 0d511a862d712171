"""The explanation of texts' tints as one HTML file: no script, no network, opened from `file://`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalkit.records.tint_reader import TintMethod
from evalkit.report.html import environment, inline, source_hash, write_page
from evalkit.report.tint_view import METHOD_NOTES, Named, view_tint

_STYLES = ("page.css", "reading.css", "tint.css")


def write_tint_page(texts: Sequence[Named], method: TintMethod, path: Path) -> None:
    """Write the page.

    Raises:
        RunFolderError: the file cannot be written.
    """
    write_page(render_tint_page(texts, method), path)


def render_tint_page(texts: Sequence[Named], method: TintMethod) -> str:
    """The page: each text shaded by sentence, and the table of its sentences; equal for equal texts."""
    style = inline(_STYLES)
    policy = f"default-src 'none'; style-src '{source_hash(style)}'; base-uri 'none'; form-action 'none'"
    template = environment().get_template("tint.html.jinja")
    return template.render(
        texts=[view_tint(named) for named in texts], method=METHOD_NOTES[method], policy=policy, style=style
    )
