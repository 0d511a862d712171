"""`evalkit demo`: build the ten-variant demo family."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Where to build it [default: the user's cache].")
def demo(folder: Path | None) -> None:
    """Build ten IQ4_XS variants of a toy model, in seconds, and print their folder.

    The toy model (5.8 M parameters) is part of evalkit; the variants are made from it by llama.cpp's quantiser with
    Neo and Horror importance matrices, the way the real ten were. Then: evalkit run --models "$(evalkit demo)"
    """
    from evalkit.demo.build import build_demo_family, default_folder, user_cache

    click.echo(build_demo_family(folder or default_folder(user_cache())))
