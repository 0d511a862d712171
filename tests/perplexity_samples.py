"""The texts and cases on which llama-perplexity's own figures were recorded; `record_perplexity.py` records them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
RECORDED = DATA / "llama-perplexity"

NAMES = {
    "mean_kld": "Mean    KLD",
    "median_kld": "Median  KLD",
    "kld_90": "90.0%   KLD",
    "kld_95": "95.0%   KLD",
    "kld_99": "99.0%   KLD",
    "kld_99_9": "99.9%   KLD",
    "max_kld": "Maximum KLD",
    "rms_delta_p": "RMS Δp",
    "mean_delta_p": "Mean    Δp",
    "same_top_p": "Same top p",
    "ppl_reference": "Mean PPL(base)",
    "ppl_variant": "Mean PPL(Q)",
    "ln_ppl_ratio": "Mean ln(PPL(Q)/PPL(base))",
}
"""Our name of a figure -> how a line of llama-perplexity's output begins."""

ODD_LINE = (
    "Grüße, naïve café - «кот» 猫が好き 🙂\r\n<bos> <end_of_turn> tab\there\x00nul\n\n".encode()
    + b"\xff\xfe \xe2\x82\n"
)
"""Several scripts, line ends of two kinds, special tokens as text, a NUL and broken UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run of llama-perplexity; the reference is always M1."""

    text: str
    n_ctx: int
    variant: str
    chunks: int | None = None

    @property
    def key(self) -> str:
        return f"{self.text}-{self.n_ctx}-{self.variant}"


CASES = (
    Case(text="stories", n_ctx=512, variant="M2"),
    Case(text="odd", n_ctx=128, variant="M7"),
    Case(text="long", n_ctx=2560, variant="M3", chunks=2),
)
ROWS_CASE = Case(text="stories", n_ctx=32, variant="M10", chunks=7)
"""105 positions, few enough to keep all logits of."""


def write_text(name: str, folder: Path) -> Path:
    """One of the texts: the ten published outputs, the same three times over, or odd bytes."""
    outputs = sorted((DATA / "nine-rings" / "outputs").glob("*.txt"))
    stories = b"".join(path.read_bytes() for path in outputs)
    path = folder / f"{name}.txt"
    path.write_bytes({"stories": stories, "long": stories * 3, "odd": ODD_LINE * 60}[name])
    return path


def model(family: Path, label: str) -> Path:
    return family / f"Hollow-Lantern-6M-{label}-IQ4_XS.gguf"


def recorded() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RECORDED / "figures.json").read_text(encoding="utf-8"))
    return document
