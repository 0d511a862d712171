"""How each demo variant is made: the passes of the Nine Rings family, on a toy model.

Each pass quantises the product of the one before, weighted by an importance matrix. Passes before the last keep
more bits (Q6_K, then Q5_K_M), the last one gives IQ4_XS.
"""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.engine.quantize import FileType

FAMILY_NAME = "Hollow Lantern (demo)"

NOTICE = (
    "This is evalkit's demo family: a toy model of 5.8 million parameters, trained from scratch on public-domain "
    "fiction. It writes broken but real English and loops in long answers. Read it to learn the report, "
    "not to learn about imatrices."
)

DATASETS = {
    "neo": "general fiction",
    "horror": "horror fiction",
    "horror-part-large": "horror fiction, part #1, large",
    "horror-part-small": "horror fiction, part #2, small",
    "neo-large": "general fiction, large",
    "neo-small": "general fiction, small",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One variant of the demo family."""

    label: str
    description: str
    lineage: tuple[str, ...] = ()
    passes: tuple[tuple[str, ...], ...] = ((),)
    """Per pass the names of the imatrices that are averaged; an empty pass has none."""

    @property
    def file_name(self) -> str:
        """The name that a publisher would give the file."""
        return f"Hollow-Lantern-6M-{self.label}-IQ4_XS.gguf"


PASS_TYPES: dict[int, tuple[FileType, ...]] = {
    1: (FileType.IQ4_XS,),
    2: (FileType.Q6_K, FileType.IQ4_XS),
    3: (FileType.Q6_K, FileType.Q5_K_M, FileType.IQ4_XS),
}

_NEO = ("neo",)
_HORROR = ("horror",)
_BOTH = ("neo", "horror")

RECIPES = (
    Recipe(label="M1", description="reference: no imatrix"),
    Recipe(label="M2", description="Neo imatrix", lineage=("M1",), passes=(_NEO,)),
    Recipe(label="M3", description="Horror imatrix", lineage=("M1",), passes=(_HORROR,)),
    Recipe(label="M4", description="Neo and Horror imatrix, 2 steps", lineage=("M2", "M3"), passes=(_NEO, _HORROR)),
    Recipe(
        label="M5",
        description="M4 + part Horror #1, large",
        lineage=("M4",),
        passes=(_BOTH, ("horror-part-large",)),
    ),
    Recipe(
        label="M6",
        description="M4 + part Horror #2, small",
        lineage=("M4",),
        passes=(_BOTH, ("horror-part-small",)),
    ),
    Recipe(
        label="M7",
        description="3 steps: M4 + M5",
        lineage=("M4", "M5"),
        passes=(_NEO, _HORROR, ("horror-part-large",)),
    ),
    Recipe(
        label="M8",
        description="3 steps: M4 + M6",
        lineage=("M4", "M6"),
        passes=(_NEO, _HORROR, ("horror-part-small",)),
    ),
    Recipe(
        label="M9",
        description="3 steps: M4 + Neo imatrix, large",
        lineage=("M4",),
        passes=(_NEO, _HORROR, ("neo-large",)),
    ),
    Recipe(
        label="M10",
        description="3 steps: M4 + Neo imatrix, small",
        lineage=("M4",),
        passes=(_NEO, _HORROR, ("neo-small",)),
    ),
)

CLAIMS: tuple[dict[str, object], ...] = (
    {
        "id": "higher-m-strays-further",
        "text": "A higher M changes more from M1.",
        "kind": "trend",
        "metric": "kl_divergence",
        "labels": [recipe.label for recipe in RECIPES[1:]],
        "least": 0.3,
    },
    {
        "id": "horror-passes-add-horror",
        "text": "Horror passes add horror.",
        "kind": "contrast",
        "metric": "delta_tint",
        "labels": ["M3", "M4", "M5", "M6", "M7", "M8"],
        "against": ["M1", "M2"],
        "least": 2,
    },
    {
        "id": "horror-passes-expect-horror",
        "text": "Horror passes add horror to what the model is about to write.",
        "kind": "contrast",
        "metric": "distribution_tint",
        "labels": ["M3", "M4", "M5", "M6", "M7", "M8"],
        "against": ["M1", "M2"],
    },
    {
        "id": "m7-is-the-darkest",
        "text": "M7 is the darkest.",
        "kind": "extreme",
        "metric": "delta_tint",
        "labels": ["M7"],
    },
)
"""What such a publisher says of such a family; every run of the demo answers it."""
