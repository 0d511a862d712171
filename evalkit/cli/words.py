"""Options that take many words: the shell makes `--models dist/*.gguf` into `--models a b c`, and click takes one."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import click


class WordsCommand(click.Command):
    """A command whose repeatable options take as many words as follow them, up to the next option or `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite `--models a b` to `--models a --models b`, then parse as ever."""
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        n_values = {name: _n_values(option) for option in options for name in (*option.opts, *option.secondary_opts)}
        repeatable = {name for option in options if option.multiple and option.nargs == 1 for name in option.opts}
        try:
            rewritten = repeat_options(args, repeatable, n_values)
        except click.UsageError as error:
            if not ctx.resilient_parsing:
                error.ctx = ctx
                raise
            # The shell asks for completions of a line that is not written to its end.
            rewritten = args
        return super().parse_args(ctx, rewritten)


def repeat_options(args: Sequence[str], repeatable: set[str], n_values: Mapping[str, int]) -> list[str]:
    """The arguments with every repeatable option written before each of its words.

    Args:
        args: what the user typed, as the shell split it.
        repeatable: spellings of the options that take many words.
        n_values: per spelling of any option, how many words belong to it: those are never read as options.

    Raises:
        click.BadOptionUsage: a repeatable option is followed by none.
    """
    left = deque(args)
    rewritten: list[str] = []
    while left:
        word = left.popleft()
        if word == "--":
            return [*rewritten, word, *left]
        if word in repeatable:
            for value in _take_words(word, left):
                rewritten += [word, value]
            continue
        rewritten.append(word)
        for _ in range(min(n_values.get(word, 0), len(left))):
            rewritten.append(left.popleft())
    return rewritten


def _take_words(option: str, left: deque[str]) -> list[str]:
    """Take the words up to the next option; at least one."""
    words: list[str] = []
    while left and not _is_option(left[0]):
        words.append(left.popleft())
    if words:
        return words
    found = f"found {left[0]}" if left else "the line ends there"
    raise click.BadOptionUsage(
        option,
        f"{option} needs at least one word, and {found}. Write {option} a b c; for a name that begins with a dash, "
        f"write ./-name or {option}=-name.",
    )


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _n_values(option: click.Option) -> int:
    return 0 if option.is_flag or option.count else option.nargs
