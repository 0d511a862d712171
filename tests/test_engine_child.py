"""The real engine on the real demo family: equal to llama.cpp's own sampler, and safe from its crashes."""

import hashlib
import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from evalkit.engine.child import ChildEngine
from evalkit.engine.protocol import Advanced, Loading, VariantJob
from evalkit.records.decoding import Decoding, PenaltyScope
from evalkit.records.errors import EngineError
from evalkit.records.generation import Cell, Generation, Method, StopReason, TemplateSource
from evalkit.records.run import EngineSettings, RegenMode
from evalkit.records.suite import Prompt, Suite

pytestmark = pytest.mark.full

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + m['role'] + '\n' + m['content'] | trim + "
    "'<end_of_turn>\n' }}{% endfor %}{{ '<start_of_turn>model\n' }}"
)
TEXT = "(continue this scene:) The inn lay in silence, and the wind went by."
RENDERED = f"<bos><start_of_turn>user\n{TEXT}<end_of_turn>\n<start_of_turn>model\n"


def job(path: Path, tmp_path: Path, *, max_tokens: int = 48, n_regenerations: int = 1) -> VariantJob:
    prompt = Prompt(id="inn", title="Inn", text=TEXT, max_tokens=max_tokens, content_hash="0" * 64)
    return VariantJob(
        label="M1",
        path=path,
        payload_hash="1" * 64,
        suite=Suite(name="one", prompts=(prompt,), system=None, system_name=None, content_hash="2" * 64),
        decoding=Decoding(),
        settings=EngineSettings(n_threads=1, stall_timeout_s=60, regen_mode=RegenMode.PLAIN),
        cells=tuple(Cell(label="M1", prompt_id="inn", regeneration_index=i) for i in range(n_regenerations)),
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


def answers(one: VariantJob) -> list[Generation]:
    return [event for event in ChildEngine().run(one) if isinstance(event, Generation)]


@pytest.fixture
def m1(demo_family: Path) -> Path:
    return demo_family / "Hollow-Lantern-6M-M1-IQ4_XS.gguf"


@pytest.fixture
def m7(demo_family: Path) -> Path:
    return demo_family / "Hollow-Lantern-6M-M7-IQ4_XS.gguf"


def llama_cpp_answer(path: Path, scope: PenaltyScope, n_tokens: int) -> list[int]:
    """The same answer by llama.cpp's own sampler chain: penalties, then greedy."""
    import llama_cpp

    llama = llama_cpp.Llama(str(path), n_ctx=512, n_threads=1, flash_attn=True, verbose=False)
    prompt = llama.tokenize(RENDERED.encode(), add_bos=False, special=True)
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_penalties(llama.n_vocab(), 64, 1.1, 0.0, 0.0))
    llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_greedy())
    if scope is PenaltyScope.PROMPT_AND_OUTPUT:
        for token in prompt:
            llama_cpp.llama_sampler_accept(chain, token)
    llama.eval(prompt)
    output: list[int] = []
    for _ in range(n_tokens):
        output.append(llama_cpp.llama_sampler_sample(chain, llama.ctx, -1))
        llama.eval(output[-1:])
    llama_cpp.llama_sampler_free(chain)
    return output


@pytest.mark.parametrize("scope", list(PenaltyScope))
def test_an_answer_equals_llama_cpps_own_sampler_token_for_token(m7: Path, tmp_path: Path, scope: PenaltyScope) -> None:
    one = replace(job(m7, tmp_path, max_tokens=200), decoding=Decoding(penalty_scope=scope))
    (answer,) = answers(one)
    assert answer.stop_reason is StopReason.MAX_TOKENS
    assert list(answer.token_ids) == llama_cpp_answer(m7, scope, 200)


def test_cold_regenerations_are_alike_and_tell_what_they_did(m1: Path, tmp_path: Path) -> None:
    events = list(ChildEngine().run(job(m1, tmp_path, n_regenerations=3)))
    made = [event for event in events if isinstance(event, Generation)]
    assert [one.regeneration_index for one in made] == [0, 1, 2]
    assert len({one.token_ids for one in made}) == 1
    assert len(made[0].margins_nats) == made[0].n_tokens == 48
    assert min(made[0].margins_nats) >= 0
    assert {one.method for one in made} == {Method.SEQUENTIAL}
    assert any(isinstance(event, Loading) for event in events)


def test_the_template_writes_bos_and_the_tokenizer_adds_no_second(m1: Path, tmp_path: Path) -> None:
    import llama_cpp

    vocabulary = llama_cpp.Llama(str(m1), vocab_only=True, verbose=False)
    expected = vocabulary.tokenize(RENDERED.encode(), add_bos=False, special=True)
    bos = vocabulary.token_bos()
    assert expected.count(bos) == 1
    for template in (TEMPLATE, TEMPLATE.removeprefix("{{ bos_token }}")):
        (answer,) = answers(replace(job(m1, tmp_path, max_tokens=1), own_template=template))
        assert answer.n_prompt_tokens == len(expected)
        assert answer.prompt_tokens_hash == hashlib.sha256(json.dumps(expected).encode()).hexdigest()


def test_a_variant_without_template_gets_the_references_and_says_so(m1: Path, tmp_path: Path) -> None:
    own = job(m1, tmp_path)
    borrowed = replace(own, own_template=None, reference_template=TEMPLATE)
    bare = replace(own, own_template=None)
    assert answers(own)[0].token_ids == answers(borrowed)[0].token_ids
    assert answers(borrowed)[0].template_source is TemplateSource.REFERENCE
    assert answers(bare)[0].template_source is TemplateSource.NONE
    assert answers(bare)[0].n_prompt_tokens < answers(own)[0].n_prompt_tokens


def test_an_answer_longer_than_the_training_context_is_refused_with_the_sum(m1: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"prompt inn and its answer need \d+ positions.*trained for 64"):
        answers(replace(job(m1, tmp_path), n_ctx_train=64))


def test_a_file_that_llama_cpp_refuses_fails_with_its_reason(m1: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(m1.read_bytes()[: -1024 * 1024])
    with pytest.raises(EngineError, match=r"llama\.cpp refused the file: .+"):
        answers(job(cut, tmp_path))


def test_weights_that_are_not_numbers_are_refused(m1: Path, tmp_path: Path) -> None:
    import gguf

    broken = tmp_path / "nan.gguf"
    content = bytearray(m1.read_bytes())
    norm = next(t for t in gguf.GGUFReader(m1).tensors if t.name == "output_norm.weight")
    content[norm.data_offset : norm.data_offset + 4] = b"\x00\x00\xc0\x7f"  # a float32 NaN
    broken.write_bytes(content)
    with pytest.raises(EngineError, match="refused the file"):
        answers(job(broken, tmp_path))


def test_a_template_that_cannot_be_rendered_fails_the_variant_only(m1: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="chat template cannot be rendered"):
        answers(replace(job(m1, tmp_path), own_template="{{ raise_exception('no') }}"))


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "evalkit.engine.worker" in child.cmdline()]


def after_first_answer(one: VariantJob, deed: Callable[[int], None]) -> tuple[list[Generation], str]:
    """The answers that arrived, and the error that ended the job, when `deed` befalls the child after one answer."""
    kept: list[Generation] = []
    try:
        for event in ChildEngine().run(one):
            if isinstance(event, Generation):
                kept.append(event)
                if len(kept) == 1:
                    deed(children()[0].pid)
    except EngineError as error:
        return kept, str(error)
    raise AssertionError("the job ended as if nothing had happened")


@pytest.mark.parametrize(
    ("signal_number", "words"),
    [(signal.SIGKILL, "SIGKILL.*out of memory"), (signal.SIGSEGV, "SIGSEGV.*Compiler flags")],
)
def test_a_child_that_is_killed_costs_what_it_had_not_finished(
    m1: Path, tmp_path: Path, signal_number: signal.Signals, words: str
) -> None:
    long = job(m1, tmp_path, max_tokens=4000, n_regenerations=40)
    kept, message = after_first_answer(long, lambda pid: os.kill(pid, signal_number))
    assert 1 <= len(kept) < 40
    assert kept[0].n_tokens > 0
    assert re.search(words, message)
    assert children() == []


def test_a_child_that_hangs_is_given_up_after_the_stall_timeout(m1: Path, tmp_path: Path) -> None:
    one = job(m1, tmp_path, max_tokens=4000, n_regenerations=40)
    hung = replace(one, settings=replace(one.settings, stall_timeout_s=2.0))
    _, message = after_first_answer(hung, lambda pid: os.kill(pid, signal.SIGSTOP))
    assert "no progress for 2 s" in message
    assert children() == []


def test_a_long_answer_shows_signs_of_life_and_closing_the_job_stops_the_child(m1: Path, tmp_path: Path) -> None:
    events = ChildEngine().run(job(m1, tmp_path, max_tokens=4000, n_regenerations=40))
    while not isinstance(next(events), Advanced):
        pass
    assert len(children()) == 1
    events.close()  # type: ignore[attr-defined]
    assert children() == []


def test_the_build_names_the_library_that_computes() -> None:
    build = ChildEngine().build()
    assert build.llama_cpp_python.count(".") >= 1
    assert len(build.library_hash) == 64
    assert "CPU" in build.system_info


def test_a_warm_answer_is_what_llama_cpp_python_prints_when_it_is_asked_again(m1: Path, tmp_path: Path) -> None:
    import llama_cpp

    text = TEXT * 12
    rendered = RENDERED.replace(TEXT, text.strip())
    llama = llama_cpp.Llama(str(m1), n_ctx=1024, n_threads=1, flash_attn=True, verbose=False)
    prompt = llama.tokenize(rendered.encode(), add_bos=False, special=True)
    printed = [
        llama.create_completion(prompt, max_tokens=150, temperature=0.0, repeat_penalty=1.1)["choices"][0]["text"]
        for _ in range(2)
    ]
    one = job(m1, tmp_path, max_tokens=150)
    (asked,) = one.suite.prompts
    one = replace(
        one,
        suite=replace(one.suite, prompts=(replace(asked, text=text),)),
        decoding=Decoding(penalty_scope=PenaltyScope.OUTPUT),
        settings=replace(one.settings, regen_mode=RegenMode.WARM),
        cells=tuple(Cell(label="M1", prompt_id="inn", regeneration_index=index) for index in (0, 1)),
        n_regenerations=1,
    )
    cold, warm = answers(one)
    assert (cold.method, warm.method) == (Method.SEQUENTIAL, Method.WARM)
    assert [cold.text, warm.text] == printed
