"""`evalkit tint`: how dark are these texts, and is one model's next token darker than another's?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalkit.cli.options import embedder_option, json_option
from evalkit.cli.tint_distribution import distribution_options
from evalkit.cli.tint_texts import text_options
from evalkit.records.errors import UsageError


@click.command()
@text_options
@distribution_options
@embedder_option
@json_option
def tint(embedder: Path | None, as_json: bool, **options: Any) -> int:
    """Score FILEs ("-" is stdin) for horror tint, 0 to 100; or compare two models' next tokens.

    50 is the boundary and 10 points are one logit. Figures compare within one prompt or register only.
    """
    from evalkit.cli import tint_distribution, tint_texts

    asked = tint_distribution.options_of(options)
    if asked is not None:
        if tint_texts.is_asked(options):
            raise UsageError(
                "--reference and --variant compare two models; FILE, --jsonl, --explain and --html score texts. "
                "Ask for one of the two."
            )
        return tint_distribution.execute(asked, as_json=as_json)
    return tint_texts.execute(tint_texts.options_of(options, embedder), as_json=as_json)
