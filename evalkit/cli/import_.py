"""`evalkit import`: make a run of texts that were made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import json_option, reports_option, results_option, tint_options, tint_reader

if TYPE_CHECKING:
    from evalkit.imports.compose import Import
    from evalkit.records.suite import Suite

EXISTING = click.Path(path_type=Path, exists=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The command line of `evalkit import`, word for word."""

    source: Path
    reference: str | None
    family_file: Path | None
    suite: str | None
    prompts: Path | None
    prompt: str | None
    encoding: str
    tint: str
    embedder: Path | None
    results: Path
    reports: Path
    as_json: bool


@click.command("import")
@click.argument("source", type=EXISTING, metavar="DIR|TABLE")
@click.option("--reference", metavar="LABEL", help="What all are measured against [default: M1].")
@click.option(
    "--family-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Labels, lineage, descriptions and claims [default: family.yaml beside the texts].",
)
@click.option("--suite", metavar="NAME|FILE", help="The suite whose prompts were answered.")
@click.option("--prompts", type=EXISTING, metavar="DIR|TABLE", help="Prompt texts: <prompt>.txt, or prompt and text.")
@click.option("--prompt", metavar="ID", help="The one prompt of files that are named by label only.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of files without a byte order mark.")
@tint_options
@results_option
@reports_option
@json_option
def import_(**options: Any) -> int:
    """Make a run of texts that were made elsewhere, score it and write its report.

    DIR holds M1.txt, M1-<prompt>.txt or M1/<prompt>.txt (.txt or .md); TABLE is a .csv, .tsv or .jsonl file with
    variant, prompt and text. What texts cannot show is "not measured", with its reason.
    """
    return execute(ImportOptions(**options))


def execute(options: ImportOptions) -> int:
    """Read, compose, score, report."""
    from evalkit.cli.machine import occasion
    from evalkit.cli.outcome import finish_run
    from evalkit.pipeline import import_run
    from evalkit.report.visible import visible

    imported = read_import(options)
    folder = import_run(imported, options.results, occasion())
    click.echo(f"run {folder.path}", err=True)
    for warning in imported.config.family.warnings:
        whose = f"{', '.join(warning.labels)}: " if warning.labels else ""
        click.echo(f"warning: {visible(whose + warning.message)}", err=True)
    reader = tint_reader(options.tint, options.embedder)
    return finish_run(folder, reader, options.reports, as_json=options.as_json)


def read_import(options: ImportOptions) -> Import:
    """Everything that the command line names, read and put in order."""
    from evalkit.family.family_file import choose_family_file
    from evalkit.imports.compose import compose_import
    from evalkit.imports.decode import check_encoding
    from evalkit.imports.folder import Names, read_folder
    from evalkit.imports.prompts import read_prompt_texts
    from evalkit.imports.table import TABLE_SUFFIXES, read_table
    from evalkit.records.errors import UsageError
    from evalkit.suite.load import SuiteRequest, load_suite, suite_of_texts

    check_encoding(options.encoding)
    suite = load_suite(SuiteRequest(name_or_path=options.suite)) if options.suite else None
    texts = read_prompt_texts(options.prompts, options.encoding) if options.prompts else {}
    source = options.source
    beside = source if source.is_dir() else source.parent
    facts = choose_family_file(options.family_file, beside, ())
    if source.is_dir():
        names = Names(
            labels=[entry.label for entry in facts.variants] if facts else [options.reference or ""],
            prompt_ids=[*texts, *_prompt_ids(suite)],
            one_prompt=options.prompt,
        )
        found = read_folder(source, names, options.encoding)
    elif source.suffix.lower() in TABLE_SUFFIXES:
        found = read_table(source, options.encoding)
    else:
        known = ", ".join(sorted(TABLE_SUFFIXES))
        raise UsageError(
            f"{source} is no table ({known}). One text alone cannot be compared: name a folder or a table."
        )
    titles = {text.prompt_id: text.prompt_title for text in found.texts}
    _check_known(titles, suite, source)
    asked = suite_of_texts(suite.name if suite else "imported", titles, suite.prompts if suite else (), texts)
    return compose_import(found, source, asked, reference=options.reference, facts=facts)


def _prompt_ids(suite: Suite | None) -> list[str]:
    return [prompt.id for prompt in suite.prompts] if suite else []


def _check_known(titles: dict[str, str], suite: Suite | None, source: Path) -> None:
    from evalkit.records.errors import SuiteError

    if suite is not None and not set(titles) & set(_prompt_ids(suite)):
        raise SuiteError(
            f"{source} answers {', '.join(titles)}, and the suite {suite.name} asks {', '.join(_prompt_ids(suite))}. "
            "Choose the suite that was answered, or name the one prompt with --prompt."
        )
