"""Analyses for the report's tests, invented by rule: sentences, forks, profiles, a family tree, claims, style."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evalkit.records.claims import Claim, ClaimAnswer, ClaimKind, ClaimVerdict
from evalkit.records.divergence import (
    DivergenceAnalysis,
    FamilyDistances,
    Fork,
    ForkKind,
    ForkToken,
    NearTieRule,
    PositionalProfile,
    ProfilePoint,
    SurvivalCurve,
    SurvivalPoint,
    TreeNode,
)
from evalkit.records.scores import Difference, Figure, Metric, SentenceTint, TintDamage
from evalkit.records.tensors import TensorComparison, TensorDistance

LEXICON = frozenset({"silence", "dread", "cold", "shadows", "dark", "fear", "blood", "dead", "darkness", "oppressive"})


def sentences(text: str) -> Iterator[SentenceTint]:
    """One tint per sentence by an invented rule: ten points for each word of a tiny lexicon, less ten."""
    for match in re.finditer(r"[^\s.!?][^.!?\n]*[.!?]?", text):
        words = re.findall(r"\w+", match.group().lower())
        hits = tuple(dict.fromkeys(word for word in words if word in LEXICON))
        tint = 36.0 + 18 * len(hits) + len(words) / 3
        yield SentenceTint(
            start=match.start(), end=match.end(), n_words=len(words), tint=tint,
            category="dread" if hits else "calm", lexicon_hits=hits,
        )  # fmt: skip


def divergence(labels: Sequence[str], prompt_ids: Sequence[str]) -> DivergenceAnalysis:
    """Every variant forks on every prompt after 3 tokens; all else grows with the variant's number."""
    others = labels[1:]
    return DivergenceAnalysis(
        forks=tuple(fork(label, prompt_id) for label in others for prompt_id in prompt_ids),
        near_tie=NearTieRule(limit_nats=0.01, n=512),
        survival=(
            *(_curve(label, 40 - 4 * number) for number, label in enumerate(others)),
            _curve("*", 20),
        ),
        length_tests=(),
        profiles=tuple(_profile(label, number) for number, label in enumerate(others, start=1)),
        family=FamilyDistances(
            labels=tuple(labels), pairs=(), noise=Figure(value=0.0002, n=2), tree=_tree(labels), newick="",
            neighbours=(), groups=(),
        ),
    )  # fmt: skip


def fork(label: str, prompt_id: str) -> Fork:
    return Fork(
        label=label,
        prompt_id=prompt_id,
        token_index=3,
        n_agreed=3,
        reference=ForkToken(token_id=7, text=" the", ends_turn=False, p_reference=0.414, p_variant=0.3951),
        variant=ForkToken(token_id=9, text=" two\n", ends_turn=False, p_reference=0.0423, p_variant=0.4),
        reference_margin_nats=0.25,
        variant_margin_nats=0.0122,
        kind=ForkKind.CHANGE_OF_MIND,
    )


def comparisons(labels: Sequence[str]) -> tuple[TensorComparison, ...]:
    """The embedding never moves; of three layers the later ones move further; M2 is a copy of the reference."""
    return tuple(
        TensorComparison(
            first=labels[0],
            second=label,
            tensors=(
                _tensor("token_embd", None, 0.0),
                *(
                    _tensor(kind, layer, 0.0 if number == 1 else 0.01 * (layer + 1))
                    for layer in range(3)
                    for kind in ("attn_q", "ffn_up")
                ),
            ),
        )
        for number, label in enumerate(labels[1:], start=1)
    )


def _tensor(kind: str, layer: int | None, distance: float) -> TensorDistance:
    name = kind if layer is None else f"blk.{layer}.{kind}"
    return TensorDistance(
        name=f"{name}.weight", kind=kind, layer=layer, first_type="IQ4_XS", second_type="IQ4_XS", n_values=4096,
        is_equal=distance == 0.0, n_compared=4096, share_moved=0.5, rms_relative=distance, cosine=0.99, max_abs=0.1,
    )  # fmt: skip


def claims() -> tuple[ClaimAnswer, ...]:
    return (
        ClaimAnswer(
            claim=Claim(
                id="higher-m", text="A higher M strays further.", kind=ClaimKind.TREND, metric=Metric.KL_DIVERGENCE,
                labels=("M2", "M3", "M4"),
            ),
            verdict=ClaimVerdict.SUPPORTED, test="Page's L", p=0.00312, n_prompts=2, effect=0.83, low=0.4, high=1.0,
            unit="rank correlation", reason="The order holds on 2 of 2 prompts.",
        ),
        ClaimAnswer(
            claim=Claim(
                id="m7", text="M7 is particularly good at unsettling scenes.", kind=ClaimKind.EXTREME,
                metric=Metric.PEAK_TINT, labels=("M7",),
            ),
            verdict=ClaimVerdict.CANNOT_TELL, test="", reason="2 prompts are too few.",
        ),
    )  # fmt: skip


def plane(labels: Sequence[str]) -> tuple[TintDamage, ...]:
    return tuple(
        TintDamage(
            label=label,
            delta_tint=Figure(value=2.5 * number - 9, low=2.5 * number - 16.5, high=2.5 * number - 1.5, n=2),
            damage=Figure(value=0.5 if label == "M8" else 0.0, n=2),
            extra_damage=0.5 if label == "M8" else 0.0,
        )
        for number, label in enumerate(labels[1:], start=1)
    )


def differences(number: int) -> dict[Metric, Difference]:
    """Dialogue is found to differ from the third variant on, the sentence length never."""
    return {
        Metric.DIALOGUE_SHARE: Difference(
            figure=Figure(value=0.03 * number, low=0.03 * number - 0.08, high=0.03 * number + 0.08, n=2),
            covers_zero=0.03 * number <= 0.08,
        ),
        Metric.SENTENCE_LENGTH: Difference(figure=Figure(value=-1.25, low=-4.0, high=1.5, n=2), covers_zero=True),
    }


def _curve(label: str, fork_token: int) -> SurvivalCurve:
    points = (
        SurvivalPoint(token=0, survival=1.0, low=None, high=None, n_at_risk=2),
        SurvivalPoint(token=fork_token, survival=0.5, low=0.1, high=0.9, n_at_risk=2),
        SurvivalPoint(token=fork_token * 2, survival=0.0, low=None, high=None, n_at_risk=1),
    )
    return SurvivalCurve(label=label, points=points, n_answers=2, n_forks=2, median_tokens=float(fork_token))


def _profile(label: str, number: int) -> PositionalProfile:
    return PositionalProfile(
        label=label,
        window=32,
        points=tuple(
            ProfilePoint(
                token=token, kl_nats=0.001 * number + token / 1e5, low=0.0005 * number, high=0.002 * number + 0.001,
                n_prompts=2,
            )
            for token in range(16, 320, 32)
        ),
        null_high_nats=0.0008,
        share_above_null=0.8,
        loudest=(),
    )  # fmt: skip


def _tree(labels: Sequence[str]) -> TreeNode:
    """Each label joins all before it, 0.001 nats further up."""
    tree = TreeNode(height=0.0, label=labels[0])
    for number, label in enumerate(labels[1:], start=1):
        tree = TreeNode(height=0.001 * number, branches=(tree, TreeNode(height=0.0, label=label)))
    return tree
