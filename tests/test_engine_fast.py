"""The fast way on the real demo family: the same tokens as one slow stream in the same row class."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evalkit.engine.child import ChildEngine
from evalkit.engine.fast import chunk_sizes
from evalkit.engine.protocol import FellBack, VariantJob
from evalkit.records.decoding import Decoding
from evalkit.records.generation import Cell, Generation, Method
from evalkit.records.run import EngineSettings, RegenMode
from evalkit.records.suite import Prompt, Suite

TEMPLATE = "{{ bos_token }}<start_of_turn>user\n{{ messages[0].content }}<end_of_turn>\n<start_of_turn>model\n"
TEXTS = {
    "inn": "(continue this scene:) The inn lay in silence, and the wind went by. " * 4,
    "plots": "Come up with six plots.",
    "hi": "Hi",
    "night": "Explain ways to use the night. " * 30,
}


@pytest.mark.parametrize(
    ("n_tokens", "high", "sizes"),
    [(1, 63, [1]), (63, 63, [63]), (64, 63, [32, 32]), (100, 63, [50, 50]), (7, 3, [3, 2, 2])],
)
def test_chunks_are_few_and_even(n_tokens: int, high: int, sizes: list[int]) -> None:
    assert chunk_sizes(n_tokens, high) == sizes


def job(path: Path, tmp_path: Path, lengths: dict[str, int], n_regenerations: int = 3) -> VariantJob:
    prompts = tuple(
        Prompt(id=id_, title=id_, text=TEXTS[id_], max_tokens=n, content_hash=id_) for id_, n in lengths.items()
    )
    return VariantJob(
        label="M",
        path=path,
        payload_hash="1" * 64,
        suite=Suite(name="four", prompts=prompts, system=None, system_name=None, content_hash="2" * 64),
        decoding=Decoding(),
        settings=EngineSettings(n_threads=1, stall_timeout_s=60, regen_mode=RegenMode.FAST),
        cells=tuple(
            Cell(label="M", prompt_id=id_, regeneration_index=i) for id_ in lengths for i in range(n_regenerations)
        ),
        n_regenerations=n_regenerations,
        is_reference=False,
        drafts={},
        reference_folder=tmp_path,
        positions_folder=tmp_path,
        answered={},
        n_ctx_train=8192,
        own_template=TEMPLATE,
        reference_template=None,
        log_path=tmp_path / "child.log",
    )


def answers(one: VariantJob) -> dict[Cell, Generation]:
    events = list(ChildEngine().run(one))
    assert not [event for event in events if isinstance(event, FellBack)], "this machine has no row class"
    return {event.cell: event for event in events if isinstance(event, Generation)}


def slow_answer(path: Path, tmp_path: Path, prompt_id: str, length: int) -> tuple[int, ...]:
    """The same answer as a lone stream, padded to the class at every step, with nobody beside it and no draft."""
    (only,) = answers(job(path, tmp_path, {prompt_id: length}, n_regenerations=1)).values()
    assert only.method is Method.PARALLEL
    assert only.n_drafted == 0
    return only.token_ids


def model(demo_family: Path, label: str) -> Path:
    return demo_family / f"Hollow-Lantern-6M-{label}-IQ4_XS.gguf"


LENGTHS = {"inn": 300, "plots": 120, "hi": 1, "night": 250}


@pytest.mark.full
@pytest.mark.parametrize("n_regenerations", [1, 2, 3, 5])
def test_streams_of_unequal_length_give_the_tokens_of_a_lone_stream(
    demo_family: Path, tmp_path: Path, n_regenerations: int
) -> None:
    m1 = model(demo_family, "M1")
    made = answers(job(m1, tmp_path, LENGTHS, n_regenerations))
    assert len(made) == 4 * n_regenerations
    for prompt_id, length in LENGTHS.items():
        expected = slow_answer(m1, tmp_path, prompt_id, length)
        for index in range(n_regenerations):
            one = made[Cell(label="M", prompt_id=prompt_id, regeneration_index=index)]
            assert one.token_ids == expected
            is_last = 0 < index == n_regenerations - 1
            assert one.method is (Method.VERIFICATION if is_last else Method.PARALLEL)
            assert one.n_drafted == (len(expected) if is_last else 0)


@pytest.mark.full
@pytest.mark.parametrize("label", ["M2", "M3", "M4", "M7", "M10"])
def test_a_variant_that_rides_on_the_reference_gives_the_tokens_that_it_gives_alone(
    demo_family: Path, tmp_path: Path, label: str
) -> None:
    lengths = {"inn": 300, "plots": 300, "night": 300}
    reference = {
        cell.prompt_id: one.token_ids
        for cell, one in answers(job(model(demo_family, "M1"), tmp_path, lengths, 1)).items()
    }
    path = model(demo_family, label)
    riding = answers(replace(job(path, tmp_path, lengths), drafts=reference))
    alone = answers(job(path, tmp_path, lengths))
    assert {cell: one.token_ids for cell, one in riding.items()} == {cell: one.token_ids for cell, one in alone.items()}
    for cell, one in riding.items():
        if one.method is Method.PARALLEL:
            shared = zip(one.token_ids, reference[cell.prompt_id], strict=False)
            fork = next(i for i, (mine, theirs) in enumerate(shared) if mine != theirs)
            assert one.n_drafted == fork
        assert one.margins_nats == alone[cell].margins_nats


@pytest.mark.full
def test_the_reference_riding_on_itself_never_forks(demo_family: Path, tmp_path: Path) -> None:
    m1 = model(demo_family, "M1")
    own = {cell.prompt_id: one.token_ids for cell, one in answers(job(m1, tmp_path, LENGTHS, 1)).items()}
    riding = answers(replace(job(m1, tmp_path, LENGTHS, 2), drafts=own))
    for cell, one in riding.items():
        assert one.token_ids == own[cell.prompt_id]
        assert one.n_drafted == one.n_tokens


@pytest.mark.full
def test_a_false_draft_is_left_where_the_model_would_not_have_written_it(demo_family: Path, tmp_path: Path) -> None:
    m1 = model(demo_family, "M1")
    expected = slow_answer(m1, tmp_path, "inn", 120)
    wrong = (expected[60] + 1) % 4096
    one = job(m1, tmp_path, {"inn": 120})
    last = one.cells[-1:]
    (verified,) = answers(replace(one, cells=last, answered={"inn": (*expected[:60], wrong, *expected[61:])})).values()
    assert verified.method is Method.VERIFICATION
    assert verified.token_ids == expected
    assert verified.n_drafted == 60


@pytest.mark.full
def test_more_prompts_than_streams_wait_their_turn(demo_family: Path, tmp_path: Path) -> None:
    m1 = model(demo_family, "M1")
    one = job(m1, tmp_path, {"plots": 40}, n_regenerations=3)
    (prompt,) = one.suite.prompts
    many = tuple(replace(prompt, id=f"p{i}", max_tokens=10 + i) for i in range(40))
    cells = tuple(Cell(label="M", prompt_id=p.id, regeneration_index=i) for p in many for i in range(3))
    made = answers(replace(one, suite=replace(one.suite, prompts=many), cells=cells))
    expected = slow_answer(m1, tmp_path, "plots", 50)
    assert {cell: len(answer.token_ids) for cell, answer in made.items()} == {
        cell: 10 + int(cell.prompt_id[1:]) for cell in cells
    }
    assert all(answer.token_ids == expected[: answer.n_tokens] for answer in made.values())


@pytest.mark.full
def test_a_prompt_of_thousands_of_tokens_beside_one_of_three(demo_family: Path, tmp_path: Path) -> None:
    m1 = model(demo_family, "M1")
    bare = "{{ bos_token }}{{ messages[0].content }}"
    long_text = "The inn lay in silence, and the wind went by. " * 400
    one = replace(job(m1, tmp_path, {"hi": 60, "plots": 60}), own_template=bare)
    hi, long = one.suite.prompts
    prompts = (replace(hi, text="Hi"), replace(long, text=long_text))

    def ask(*asked: Prompt, n_regenerations: int = 3) -> dict[str, set[tuple[int, ...]]]:
        cells = tuple(
            Cell(label="M", prompt_id=p.id, regeneration_index=i) for p in asked for i in range(n_regenerations)
        )
        suite = replace(one.suite, prompts=asked)
        made = answers(replace(one, suite=suite, cells=cells, n_regenerations=n_regenerations))
        sizes = {generation.prompt_id: generation.n_prompt_tokens for generation in made.values()}
        assert all(sizes[p.id] < 8 if p.id == "hi" else 3000 < sizes[p.id] < 8000 for p in asked)
        return {p.id: {g.token_ids for cell, g in made.items() if cell.prompt_id == p.id} for p in asked}

    together = ask(*prompts)
    assert [len(found) for found in together.values()] == [1, 1]
    alone = {p.id: ask(p, n_regenerations=1)[p.id] for p in prompts}
    assert together == alone


@pytest.mark.full
def test_a_batch_too_small_for_the_class_falls_back_to_plain_and_says_so(demo_family: Path, tmp_path: Path) -> None:
    one = job(model(demo_family, "M1"), tmp_path, {"hi": 8}, n_regenerations=1)
    small = replace(one, settings=replace(one.settings, n_batch=32, n_ubatch=32))
    events = list(ChildEngine().run(small))
    (fell_back,) = [event for event in events if isinstance(event, FellBack)]
    assert "-b and -ub must be at least 63" in fell_back.reason
    assert [event.method for event in events if isinstance(event, Generation)] == [Method.SEQUENTIAL]


@pytest.mark.full
@pytest.mark.parametrize("mode", list(RegenMode))
@pytest.mark.parametrize("n_regenerations", [1, 2])
def test_the_reference_is_recorded_and_a_variants_distance_from_it(
    demo_family: Path, tmp_path: Path, mode: RegenMode, n_regenerations: int
) -> None:
    lengths = {"inn": 60, "plots": 40}
    positions = tmp_path / "positions"
    positions.mkdir()
    one = replace(job(model(demo_family, "M1"), tmp_path, lengths, n_regenerations), is_reference=True)
    one = replace(one, settings=replace(one.settings, regen_mode=mode), positions_folder=tmp_path / "noise")
    one.positions_folder.mkdir()
    reference = {cell.prompt_id: made.token_ids for cell, made in answers(one).items()}
    for path in ("M1", "M3"):
        other = replace(one, path=model(demo_family, path), is_reference=False, drafts=reference)
        if path == "M1":
            # What the reference left there is its noise: other kernels, the same weights.
            noise = np.load(tmp_path / "noise" / "inn.npz")["kl_nats"]
            assert 0 < noise.mean() < 1e-3
        made = answers(replace(other, positions_folder=positions))
        stored = dict(np.load(positions / "inn.npz"))
        assert {len(stored[key]) for key in ("kl_nats", "js_nats", "answer", "choices", "variant_parts")} == {60}
        # In whatever way the answers are made: what the reading would choose is what the answers chose.
        ours = next(answer.token_ids for cell, answer in made.items() if cell.prompt_id == "inn")
        parted = [i for i, (token, said) in enumerate(zip(reference["inn"], ours, strict=False)) if token != said][:1]
        assert np.flatnonzero(stored["choices"] != stored["answer"])[:1].tolist() == parted
        assert (stored["kl_nats"] >= 0).all()
        if path == "M1":
            # The same bits on both sides; float32 log-probabilities cost 1e-6.
            assert stored["kl_nats"].max() < 2e-6
            assert stored["same_top"].all()
            assert stored["log_p_variant"].tolist() == stored["log_p_reference"].tolist()
        else:
            # Siblings at 4 bits: about 0.01 nats per token, nine top tokens of ten alike.
            assert 1e-4 < stored["kl_nats"].mean() < 0.2
            assert 0.7 < stored["same_top"].mean() < 1


@pytest.mark.full
def test_a_recorded_divergence_equals_one_from_whole_logits(demo_family: Path, tmp_path: Path) -> None:
    import llama_cpp
    from scipy.special import log_softmax

    lengths = {"inn": 40}
    one = replace(job(model(demo_family, "M1"), tmp_path, lengths, 2), is_reference=True)
    one = replace(one, reference_folder=tmp_path / "reference")
    one.reference_folder.mkdir()
    (answer,) = {made.token_ids for made in answers(one).values()}
    positions = tmp_path / "positions"
    positions.mkdir()
    answers(
        replace(
            one, path=model(demo_family, "M3"), is_reference=False, drafts={"inn": answer}, positions_folder=positions
        )
    )
    rows = {}
    for label in ("M1", "M3"):
        llama = llama_cpp.Llama(
            str(model(demo_family, label)), n_ctx=512, n_threads=1, flash_attn=True, logits_all=True, verbose=False
        )
        rendered = TEMPLATE.replace("{{ bos_token }}", "<bos>").replace("{{ messages[0].content }}", TEXTS["inn"])
        prompt = llama.tokenize(rendered.encode(), add_bos=False, special=True)
        for token in (*prompt, *answer):
            llama.eval([token])
        start = len(prompt) - 1
        rows[label] = log_softmax(llama.scores[start : start + 40].astype(np.float64), axis=1)
    expected = (np.exp(rows["M1"]) * (rows["M1"] - rows["M3"])).sum(axis=1)
    # Single rows run other kernels than batches: the logits move by some 0.1, the mean by a tenth of itself.
    assert np.load(positions / "inn.npz")["kl_nats"].mean() == pytest.approx(expected.mean(), rel=0.15)
