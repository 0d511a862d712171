"""A variant read along the reference's answer: what its distributions said there, position by position."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionScores:
    """One variant along the reference's answer to one prompt; one value per token that was read.

    Under the reference's own label stands the noise: the reference read in other kernels, along the first tokens only.
    """

    label: str
    prompt_id: str
    answer: tuple[int, ...]
    """The reference's tokens that were read."""
    pieces: tuple[str, ...]
    """Their texts: untrusted, and a token that is a part of a character shows as U+FFFD."""
    kl_nats: tuple[float, ...]
    """D_KL(reference || variant) of the distributions that predict the token, nats."""
    reverse_kl_nats: tuple[float, ...]
    """D_KL(variant || reference) of the same, nats."""
    js_nats: tuple[float, ...]
    """Their Jensen-Shannon divergence, nats: at most ln 2."""
    same_top: tuple[bool, ...]
    """Whether both have the same most likely token, before any penalty."""
    log_p_reference: tuple[float, ...]
    """The reference's log-probability of the token, nats."""
    log_p_variant: tuple[float, ...]
    """The variant's log-probability of the token, nats."""
    choices: tuple[int, ...]
    """The token that the variant would choose, after the repeat penalty; one more than `answer` where the reference
    ended its answer and the row after its last token was read."""
    margins_nats: tuple[float, ...]
    """The variant's log-prob gap between its choice and the runner-up, after the repeat penalty."""
    log_p_choice_reference: tuple[float | None, ...]
    """The reference's log-probability of the variant's choice, nats; None below the cut of the reference's record."""
    log_p_choice_variant: tuple[float, ...]
    """The variant's log-probability of its choice, nats, before the penalty."""
    ends_too: bool | None = None
    """Whether the variant ends its turn where the reference did; None where the reference did not, or nobody read."""
    end_margin_nats: float | None = None
    """The variant's margin there."""
    fork_piece: str | None = None
    """The text of the variant's choice at the fork."""

    @property
    def n_read(self) -> int:
        """Positions that were read."""
        return len(self.answer)

    @property
    def fork_token(self) -> int | None:
        """0-based index of the first token that the variant would not have chosen; None where it would all."""
        for index, (choice, token) in enumerate(zip(self.choices, self.answer, strict=False)):
            if choice != token:
                return index
        return self.n_read if self.ends_too is False else None

    @property
    def flips(self) -> tuple[bool, ...]:
        """Per position whether the variant would have chosen another token than the reference did."""
        return tuple(choice != token for choice, token in zip(self.choices, self.answer, strict=False))
