"""Runs of the size that the page must bear: the standard one, and one far beyond it."""

from __future__ import annotations

from evalkit.records.run_data import RunData
from tests.report_data import LABELS, NINE_RINGS, make_run, prompt

N_VARIANTS, N_PROMPTS = 100, 40


def large_run() -> RunData:
    """Ten variants, four prompts, a thousand words each, near enough to one another that marks are many."""
    return _run_of(LABELS, n_prompts=4, n_words=1_000)


def huge_run() -> RunData:
    """A hundred variants, forty prompts, two hundred words each: 800,000 words on one page."""
    return _run_of(tuple(f"M{number}" for number in range(1, N_VARIANTS + 1)), n_prompts=N_PROMPTS, n_words=200)


def _run_of(labels: tuple[str, ...], *, n_prompts: int, n_words: int) -> RunData:
    words = " ".join((NINE_RINGS / "outputs" / f"{label}.txt").read_text("utf-8") for label in LABELS).split()
    texts = {}
    for number, label in enumerate(labels):
        for prompt_number in range(n_prompts):
            start = prompt_number * 300 % (len(words) - n_words)
            chosen = words[start : start + n_words]
            changed = [word if (i * 7 + number) % 11 else f"{word}{number}" for i, word in enumerate(chosen)]
            texts[label, f"prompt-{prompt_number}"] = " ".join(changed) + "."
    return make_run(texts, tuple(prompt(f"prompt-{n}", f"Prompt {n}", "Write.") for n in range(n_prompts)), labels)
