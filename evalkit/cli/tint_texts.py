"""`evalkit tint FILE...`: score texts that lie in files, in JSON lines, or on stdin."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evalkit.cli.text_files import NamedText, read_json_lines, read_texts
from evalkit.records.errors import NotMeasuredError, UsageError
from evalkit.records.tint_reader import TintMethod, TintReader

if TYPE_CHECKING:
    from evalkit.measure.score_texts import Reading

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_NO_VERDICT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """Which texts are scored, how, and what is shown of them."""

    files: tuple[str, ...]
    jsonl: str | None
    method: TintMethod
    explain: bool
    html: Path | None
    embedder: Path | None


def text_options(command: Command) -> Command:
    """The options of this mode."""
    for option in (
        click.option(
            "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the explanation as one HTML file."
        ),
        click.option("--explain", is_flag=True, help="Show every sentence with its share in the tint."),
        click.option(
            "--method",
            type=click.Choice([method.value for method in TintMethod]),
            default=TintMethod.FULL.value,
            show_default=True,
            help="lite reads words alone: no torch, seconds for a thousand texts, and it sees less.",
        ),
        click.option("--jsonl", metavar="FILE", help='Lines {"id", "text"} ("-" is stdin); one line of figures each.'),
        click.argument("files", nargs=-1, metavar="[FILE]..."),
    ):
        command = option(command)
    return command


def is_asked(options: dict[str, Any]) -> bool:
    """Whether anything on the command line belongs to this mode."""
    return bool(options["files"] or options["jsonl"] or options["explain"] or options["html"])


def options_of(options: dict[str, Any], embedder: Path | None) -> TextOptions:
    """The options of this mode."""
    method = TintMethod(options.pop("method"))
    return TextOptions(embedder=embedder, method=method, **options)


def execute(options: TextOptions, *, as_json: bool) -> int:
    """Score and show; the exit code is 4 where no text at all could be read for want of the embedder.

    Raises:
        UsageError: no text, two ways of naming texts, or a file that cannot be read.
    """
    from evalkit.measure.score_texts import score_texts

    if bool(options.files) == bool(options.jsonl):
        raise UsageError('Name what to score: evalkit tint FILE... ("-" is stdin), or evalkit tint --jsonl FILE.')
    if options.jsonl and (options.explain or options.html):
        raise UsageError("--explain and --html show single texts: name them as FILEs, not as --jsonl.")
    texts = read_json_lines(options.jsonl) if options.jsonl else read_texts(options.files)
    readings = score_texts([text.text for text in texts], TintReader(method=options.method, embedder=options.embedder))
    if options.jsonl:
        for text, reading in zip(texts, readings, strict=True):
            click.echo(json.dumps(_line(text, reading, options.method)))
    elif as_json:
        documents = [_document(*pair, options) for pair in zip(texts, readings, strict=True)]
        click.echo(json.dumps({"method": options.method, "texts": documents}, indent=2))
    else:
        _show(texts, readings, options)
    if options.html is not None:
        _write_page(texts, readings, options.method, options.html)
    return EXIT_NO_VERDICT if texts and all(map(_lacks_embedder, readings)) else 0


def _line(text: NamedText, reading: Reading, method: TintMethod) -> dict[str, object]:
    """One line of `--jsonl`; rounded to a tenth of what two machines may differ by."""
    mark = {"method": method.value} if method is TintMethod.LITE else {}
    if isinstance(reading, NotMeasuredError):
        figures = dict.fromkeys(("tint", "probability", "peak"))
        return {"id": text.id, **figures, "reason": str(reading), **mark}
    return {
        "id": text.id,
        "tint": round(reading.tint, 2),
        "probability": round(reading.probability, 4),
        "peak": round(reading.peak, 2),
        "reason": None,
        **mark,
    }


def _document(text: NamedText, reading: Reading, options: TextOptions) -> dict[str, object]:
    document = _line(text, reading, options.method) | {"method": options.method.value}
    if isinstance(reading, NotMeasuredError):
        return document | {"dark_share": None, "n_words": None}
    document |= {"dark_share": round(reading.dark_share, 4), "n_words": reading.n_words}
    if options.explain:
        document["sentences"] = [
            asdict(sentence)
            | {"tint": round(sentence.tint, 2), "contribution": round(reading.contribution(sentence), 3)}
            | {"text": text.text[sentence.start : sentence.end]}
            for sentence in reading.sentences
        ]
    return document


def _show(texts: Sequence[NamedText], readings: Sequence[Reading], options: TextOptions) -> None:
    from rich.console import Console

    from evalkit.report.tint_terminal import print_explanation, print_tints

    console = Console()
    pairs = [(str(text.id), text.text, reading) for text, reading in zip(texts, readings, strict=True)]
    if options.explain:
        for pair in pairs:
            print_explanation(pair, options.method, console)
    else:
        print_tints(pairs, options.method, console)


def _write_page(texts: Sequence[NamedText], readings: Sequence[Reading], method: TintMethod, path: Path) -> None:
    from evalkit.report.tint_page import write_tint_page

    write_tint_page([(str(text.id), text.text, one) for text, one in zip(texts, readings, strict=True)], method, path)
    click.echo(f"page: {path}", err=True)


def _lacks_embedder(reading: Reading) -> bool:
    from evalkit.measure.embedder import EmbedderUnavailable

    return isinstance(reading, EmbedderUnavailable)
