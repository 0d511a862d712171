"""A stranger's chat template, rendered."""

import pytest

from evalkit.engine.chat_template import render_chat
from evalkit.records.errors import EngineError

GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for message in messages %}{{ '<start_of_turn>' + message['role'] + '\n' + message['content'] | trim + "
    "'<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SILENT = "{% for m in messages if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]{% endfor %}"


def render(template: str, system: str | None = None) -> str:
    return render_chat(template, user="Hello there", system=system, bos="<bos>", eos="<eos>")


def test_a_user_turn_reads_as_the_template_says() -> None:
    assert render(GEMMA) == "<bos><start_of_turn>user\nHello there<end_of_turn>\n<start_of_turn>model\n"


def test_a_system_prompt_takes_the_system_role_where_there_is_one() -> None:
    assert render(CHATML, system="Be brief.").startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nH")


def test_a_template_that_refuses_the_system_role_gets_it_before_the_users_text() -> None:
    assert render(GEMMA, system="Be brief.").startswith("<bos><start_of_turn>user\nBe brief.\n\nHello there<end")


def test_a_template_that_drops_the_system_role_silently_gets_it_before_the_users_text() -> None:
    assert render(SILENT, system="Be brief.") == "[INST] Be brief.\n\nHello there [/INST]"


def test_text_that_looks_like_a_template_or_html_stays_text() -> None:
    rendered = render_chat(CHATML, user="{{ 7 * 7 }} <b>&</b>", system=None, bos="", eos="")
    assert "{{ 7 * 7 }} <b>&</b>" in rendered


def test_today_is_a_fixed_day_so_that_tomorrow_asks_the_same() -> None:
    assert render("{{ strftime_now('%d %b %Y') }}") == "01 Jan 2026"


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}",
        "{{ raise_exception('no') }}",
        "{{ messages.__class__.__mro__ }}{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ messages[9].content.x }}",
        "{{ 1 / 0 }}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
    ],
)
def test_a_template_that_is_broken_or_leaves_the_sandbox_is_an_error(template: str) -> None:
    with pytest.raises(EngineError, match="chat template cannot be rendered"):
        render(template)
