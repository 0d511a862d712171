"""A run of the real demo family: forks equal those of the answers, and the reference strays nowhere from itself."""

import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.analyse.divergence import analyse_divergence
from evalkit.analyse.quantiles import pooled_kl_quantiles
from evalkit.cli.run import RunOptions, answer
from evalkit.measure.certificates import first_difference
from evalkit.measure.partition import pair_distances
from evalkit.pipeline import score_run, settle_status
from evalkit.records.generation import Generation
from evalkit.records.metrics import Metric
from evalkit.records.run import RegenMode, RunStatus
from evalkit.records.run_data import RunData
from evalkit.records.scores import ALL_PROMPTS, Figure
from evalkit.records.tint_reader import TintReader
from evalkit.store.run_folder import RunFolder

LABELS = ("M1", "M2", "M7")

NO_EMBEDDER = TintReader(embedder=Path("none"))
"""Loading one takes longer than all scoring, and no divergence needs it."""


@pytest.fixture(scope="module")
def family(demo_family: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M1, a copy of it under another name, and two real variants."""
    folder = tmp_path_factory.mktemp("family")
    for label in LABELS:
        shutil.copy(demo_family / f"Hollow-Lantern-6M-{label}-IQ4_XS.gguf", folder / f"{label}.gguf")
    shutil.copy(folder / "M1.gguf", folder / "M3.gguf")
    return folder


def finished(family: Path, root: Path, mode: RegenMode) -> RunFolder:
    folder = answer(options(family, root, mode))
    score_run(folder, NO_EMBEDDER)
    return folder


def options(family: Path, root: Path, mode: RegenMode) -> RunOptions:
    from evalkit.cli.run import run

    words = ["--models", family, "--max-tokens", 80, "--regenerations", 2, "--regen", mode, "-t", 1, "--limit", 3]
    words += ["--tint-contexts", "none"]  # 5,500 more tokens per variant, of no use here.
    words += ["--out", root / "results", "--reports", root / "reports"]
    context = run.make_context("run", [str(word) for word in words])
    return RunOptions(**context.params)


@pytest.fixture(scope="module", params=[RegenMode.FAST, RegenMode.PLAIN])
def folder(family: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> RunFolder:
    return finished(family, tmp_path_factory.mktemp(str(request.param)), request.param)


def figure(run: RunData, label: str, metric: Metric) -> Figure:
    (found,) = (
        score.figure
        for score in run.measurement.scores
        if (score.label, score.prompt_id, score.metric) == (label, ALL_PROMPTS, metric)
    )
    return found


def answers_of(run: RunData, label: str, prompt_id: str) -> list[Generation]:
    return [one for one in run.generations if (one.label, one.prompt_id) == (label, prompt_id)]


@pytest.mark.full
def test_the_scoring_pass_forks_where_every_answer_forks(folder: RunFolder) -> None:
    run = folder.read_data()
    assert run.divergence is not None
    assert len(run.divergence.forks) == 3 * 3
    for fork in run.divergence.forks:
        reference = answers_of(run, "M1", fork.prompt_id)[0]
        found = {first_difference(reference, one) for one in answers_of(run, fork.label, fork.prompt_id)}
        assert found == {fork.token_index}
        assert fork.contradiction is None
        if fork.token_index is not None and fork.token_index < reference.n_tokens:
            assert fork.reference is not None
            assert fork.reference.token_id == reference.token_ids[fork.token_index]
            assert fork.reference_margin_nats == reference.margins_nats[fork.token_index]
    assert any(fork.token_index is not None for fork in run.divergence.forks)


@pytest.mark.full
def test_a_copy_of_the_reference_strays_nowhere_and_is_told_to_be_the_same_model(folder: RunFolder) -> None:
    run = folder.read_data()
    for metric in (Metric.KL_DIVERGENCE, Metric.REVERSE_KL, Metric.JS_DIVERGENCE, Metric.KL_MAX):
        found = figure(run, "M3", metric).value
        assert found is not None
        assert 0 <= found < 5e-6
    assert figure(run, "M3", Metric.FLIP_RATE).value == 0
    assert figure(run, "M3", Metric.DELTA_P_RMS).value == 0
    assert run.divergence is not None
    assert run.divergence.family is not None
    assert run.divergence.family.groups == (("M1", "M3"),)
    no_op = {comparison.second: comparison.is_no_op for comparison in run.comparisons}
    assert no_op == {"M2": False, "M3": True, "M7": False}


@pytest.mark.full
def test_real_variants_lie_beyond_the_noise_on_every_scale(folder: RunFolder) -> None:
    run = folder.read_data()
    for metric in (Metric.KL_DIVERGENCE, Metric.REVERSE_KL, Metric.JS_DIVERGENCE, Metric.KL_MEDIAN, Metric.DELTA_P_RMS):
        noise, value = figure(run, "M1", metric).value, figure(run, "M7", metric).value
        assert noise is not None
        assert value is not None
        assert value > 3 * noise
    assert run.divergence is not None
    assert {curve.label for curve in run.divergence.survival} == {"M2", "M3", "M7", "*"}
    assert {profile.label for profile in run.divergence.profiles} == {"M2", "M3", "M7"}


@pytest.mark.full
def test_the_order_of_variants_prompts_and_answers_changes_no_figure(folder: RunFolder) -> None:
    config = folder.read_manifest().config
    positions, generations = list(folder.read_positions()), list(folder.read_generations())
    labels = [variant.label for variant in config.family.variants]
    prompt_ids = [prompt.id for prompt in config.suite.prompts]
    # M1's own part is the noise, which the family's distances do without.
    parts = {
        prompt_id: [item for item in folder.read_parts(prompt_id).items() if item[0] != "M1"]
        for prompt_id in prompt_ids
    }

    def found() -> dict[str, object]:
        by_pair: dict[tuple[str, str], dict[str, float]] = {}
        for prompt_id in prompt_ids:
            for pair, distance in pair_distances(dict(parts[prompt_id]), "M1").items():
                by_pair.setdefault(pair, {})[prompt_id] = distance
        made = analyse_divergence(
            positions, generations, by_pair, {}, labels=labels, prompt_ids=prompt_ids, reference_label="M1"
        )
        assert made.family is not None
        return {
            "forks": {(fork.label, fork.prompt_id): fork for fork in made.forks},
            "rule": made.near_tie,
            "survival": {curve.label: curve for curve in made.survival},
            "length": {test.label: test for test in made.length_tests},
            "profiles": {profile.label: profile for profile in made.profiles},
            "pairs": {frozenset((pair.first, pair.second)): pair.js_nats for pair in made.family.pairs},
            "tree": made.family.tree,
            "groups": {frozenset(group) for group in made.family.groups},
            "quantiles": pooled_kl_quantiles(positions),
        }

    first = found()
    for seed in range(3):
        lists: tuple[list[Any], ...] = (positions, generations, labels, prompt_ids, *parts.values())
        for items in lists:
            random.Random(seed).shuffle(items)  # noqa: S311
        assert found() == first


@pytest.mark.full
def test_an_answer_that_contradicts_the_scoring_pass_fails_the_variant_and_keeps_its_answers(
    folder: RunFolder, tmp_path: Path
) -> None:
    copy = RunFolder(Path(shutil.copytree(folder.path, tmp_path / "run")))
    generations = copy.read_generations()
    (copy.path / "generations.jsonl").unlink()
    for one in generations:
        spoilt = one.label == "M2" and one.regeneration_index == 1
        copy.append_generation(replace(one, token_ids=(0, *one.token_ids[1:])) if spoilt else one)
    score_run(copy, NO_EMBEDDER)
    run = copy.read_data()
    assert run.divergence is not None
    assert {fork.label for fork in run.divergence.contradictions} == {"M2"}
    assert "Do not believe these figures" in run.summary.notes[0]
    assert settle_status(copy) is RunStatus.FAILED_VARIANTS
    assert len(copy.read_generations()) == len(generations)
