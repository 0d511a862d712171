"""Options of the engine that several commands share, so that one word means one thing everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from evalkit.engine.protocol import Engine

Command = TypeVar("Command", bound=Callable[..., Any])

AUTO = "auto"
ALL_LAYERS = -1
"""llama.cpp's word for every layer."""


class GpuLayers(click.ParamType[int | None]):
    """A number of layers as llama.cpp counts them, or `auto`."""

    name = "N|auto"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """None stands for `auto`."""
        if value == AUTO:
            return None
        try:
            return int(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number of layers nor 'auto'", param, ctx)


def threads_option(command: Command) -> Command:
    """How many threads compute."""
    return click.option("-t", "--threads", type=click.IntRange(1), help="Threads [default: the usable cores].")(command)


def gpu_layers_option(auto: str) -> Callable[[Command], Command]:
    """How much of a model lies on the GPU; `auto` says what the command makes of that word."""
    return click.option(
        "-ngl", "--n-gpu-layers", type=GpuLayers(), default=AUTO, show_default=True,
        help=f"Layers on the GPU; auto: {auto}, {ALL_LAYERS}: all.",
    )  # fmt: skip


def layers_or_all(engine: Engine, n_gpu_layers: int | None) -> int:
    """What was asked for; left open, every layer where the build has a GPU."""
    if n_gpu_layers is not None:
        return n_gpu_layers
    return ALL_LAYERS if engine.build().gpu_offload else 0


def batch_option(default: int, meaning: str) -> Callable[[Command], Command]:
    """The logical batch."""
    return click.option("-b", "--batch-size", type=click.IntRange(1), default=default, show_default=True, help=meaning)


def ubatch_option(command: Command) -> Command:
    """The physical batch."""
    return click.option(
        "-ub", "--ubatch-size", type=click.IntRange(1), default=512, show_default=True,
        help="Physical batch, in tokens.",
    )(command)  # fmt: skip


def stall_timeout_option(command: Command) -> Command:
    """When a child process is taken for hung."""
    return click.option(
        "--stall-timeout", type=click.FloatRange(min=1), default=600, show_default=True, metavar="SECONDS",
        help="Give up a model that shows no progress for so long.",
    )(command)  # fmt: skip
