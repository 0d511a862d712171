"""Takes over the answers of an earlier run for variants that have not changed, so that they cost nothing.

Greedy answers are decided by the payload, the template, the suite, the decoding, the engine's settings and its build.
A variant's distances are decided by the reference as well: so the reference's answers and distributions are taken over
first, and a variant's only from runs that hold the very same ones. Every answer says in which run it was made.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from evalkit import __version__
from evalkit.generate.fingerprint import question_hash
from evalkit.records.errors import RunFolderError
from evalkit.records.family import Role, Variant
from evalkit.records.generation import Generation
from evalkit.records.run import EngineBuild, RunConfig
from evalkit.store.run_folder import RunFolder


def reuse_answers(folder: RunFolder, runs: Iterable[RunFolder]) -> dict[str, str]:
    """Copy what earlier runs know of this run's variants; variants that have answers already are left alone.

    Args:
        folder: the run that is about to begin.
        runs: earlier runs; of several that fit, the last is taken.

    Returns:
        Per label whose answers were taken over, the id of the run that they lay in.
    """
    manifest = folder.read_manifest()
    config, build = manifest.config, manifest.build
    if not isinstance(config, RunConfig) or build is None:
        return {}
    folder.prepare_to_append(config.family.variants)
    begun = {answer.label for answer in folder.read_generations()}
    donors = [donor for run in runs if run.path != folder.path and (donor := _Donor.of(run, config, build))]
    taken: dict[str, str] = {}
    reference, others = config.family.reference, config.family.others
    for variant in (reference, *others):
        if variant.label in begun:
            continue
        fitting = (donor for donor in reversed(donors) if donor.can_give(variant, config, folder))
        donor = next(fitting, None)
        if donor is not None:
            donor.give(variant, folder)
            taken[variant.label] = donor.folder.path.name
        elif variant is reference:
            break
    return taken


class _Donor:
    """An earlier run that asked the same of the same engine and the same reference."""

    def __init__(self, folder: RunFolder, config: RunConfig) -> None:
        self.folder = folder
        self._config = config
        self._answers = folder.read_generations()

    @classmethod
    def of(cls, folder: RunFolder, config: RunConfig, build: EngineBuild) -> _Donor | None:
        """None where the run asked something else, or cannot be read."""
        try:
            manifest = folder.read_manifest()
            own = manifest.config
            if not isinstance(own, RunConfig) or manifest.build is None:
                return None
            asks_the_same = _question(own, manifest.build) == _question(config, build)
            # What is read of the logits beside the answers is evalkit's own and may change with it.
            return cls(folder, own) if asks_the_same and manifest.evalkit_version == __version__ else None
        except RunFolderError:
            return None  # A damaged run among the earlier ones is no reason to refuse this one.

    def can_give(self, variant: Variant, config: RunConfig, folder: RunFolder) -> bool:
        """All answers are there with what was read of the logits, along the reference's answers that the run has."""
        own = self._own(variant)
        if own is None:
            return False
        sources = [self.folder.positions_folder(own)]
        if variant is config.family.reference:
            sources.append(self.folder.reference_folder)
        elif self.folder.reference_digest() != folder.reference_digest():
            return False
        n_wanted = len(config.suite.prompts) * config.n_answers_per_prompt
        is_read = all((source / f"{prompt.id}.npz").is_file() for source in sources for prompt in config.suite.prompts)
        return is_read and len(self._answers_of(own)) == n_wanted

    def give(self, variant: Variant, folder: RunFolder) -> None:
        """Copy files first: an answer without its distances would never get them."""
        own = self._own(variant)
        if own is None:
            raise ValueError(f"{self.folder.path} has no {variant.label}; ask `can_give` first.")
        for source, target in zip(_kept(self.folder, own), _kept(folder, variant), strict=True):
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
        for answer in self._answers_of(own):
            made_in = answer.made_in or self.folder.path.name
            folder.append_generation(replace(answer, label=variant.label, made_in=made_in))

    def _own(self, variant: Variant) -> Variant | None:
        same = (one for one in self._config.family.variants if _identity(one) == _identity(variant))
        return next((one for one in same if one.role is variant.role), None)

    def _answers_of(self, variant: Variant) -> list[Generation]:
        return [answer for answer in self._answers if answer.label == variant.label]


def _question(config: RunConfig, build: EngineBuild) -> tuple[object, ...]:
    against = (config.family.reference, config.unrounded)
    return (question_hash(config, build), *(_identity(one) if one else None for one in against))


def _identity(variant: Variant) -> tuple[str, str | None]:
    return variant.payload_hash, variant.header.chat_template_hash


def _kept(folder: RunFolder, variant: Variant) -> tuple[Path, ...]:
    """Where a run keeps what was read of one variant's logits."""
    own = (folder.positions_folder(variant), folder.tint_folder(variant), folder.unrounded_positions_folder(variant))
    if variant.role is Role.REFERENCE:
        return (*own, folder.reference_folder, folder.unrounded_folder)
    return own
