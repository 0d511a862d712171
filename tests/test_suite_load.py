"""Suites: the texts of the model card to the byte, strict files, and the choice that a run asks for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from evalkit.records.errors import SuiteError
from evalkit.records.suite import Suite
from evalkit.suite.load import SuiteRequest, load_suite
from evalkit.suite.packaged import prompts_folder, suite_names, system_names

CARD_TEXTS = Path(__file__).parent / "data/nine-rings/prompts"
STANDARD = ("waystone", "black-mirror", "bravado", "radiative-cooling")

GOOD = """\
name: mine
max_tokens: 100
prompts:
  - id: one
    title: The first
    text: |-
      Tell me a story.

      A short one.
  - id: two
    text: Another.
    max_tokens: 7
"""


def write(folder: Path, text: str | bytes, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def load(path: object, **request: object) -> Suite:
    return load_suite(SuiteRequest(name_or_path=str(path), **request))  # type: ignore[arg-type]


def ids(suite: Suite) -> tuple[str, ...]:
    return tuple(prompt.id for prompt in suite.prompts)


@pytest.mark.parametrize("prompt_id", [*STANDARD, "skyscraper"])
def test_a_prompt_of_the_card_is_the_cards_to_the_byte(prompt_id: str) -> None:
    (prompt,) = load("card", prompt_ids=(prompt_id,)).prompts
    assert f"{prompt.text}\n".encode() == (CARD_TEXTS / f"{prompt_id}.txt").read_bytes()


def test_the_card_suite_is_the_standard_suite_and_its_fifth_prompt() -> None:
    standard, card = load("standard"), load("card")
    assert (ids(standard), ids(card)) == (STANDARD, (*STANDARD, "skyscraper"))
    assert card.prompts[:4] == standard.prompts
    assert (standard.name, card.name) == ("standard", "card")


def test_everything_that_comes_with_evalkit_can_be_loaded() -> None:
    assert {"standard", "card"} <= set(suite_names())
    assert "ge-function" in system_names()
    assert all(load(name).prompts for name in suite_names())
    assert (prompts_folder() / "systems").is_dir()


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    suite = load(write(tmp_path, GOOD))
    assert [(prompt.id, prompt.title, prompt.text, prompt.max_tokens) for prompt in suite.prompts] == [
        ("one", "The first", "Tell me a story.\n\nA short one.", 100),
        ("two", "two", "Another.", 7),
    ]
    assert (suite.name, suite.system, suite.system_name) == ("mine", None, None)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_hashes_are_those_of_the_canonical_json_written_by_hand(tmp_path: Path) -> None:
    suite = load(write(tmp_path, GOOD.replace("Another.", '"Größe"')))
    one = sha256('{"id":"one","max_tokens":100,"text":"Tell me a story.\\n\\nA short one."}')
    two = sha256('{"id":"two","max_tokens":7,"text":"Größe"}')
    assert [prompt.content_hash for prompt in suite.prompts] == [one, two]
    assert suite.content_hash == sha256(f'{{"prompts":["{one}","{two}"],"system":null}}')


def test_titles_and_the_suites_name_leave_the_hash_alone_and_everything_else_changes_it(tmp_path: Path) -> None:
    def hash_of(text: str, **request: object) -> str:
        return load(write(tmp_path, text), **request).content_hash

    base = hash_of(GOOD)
    assert hash_of(GOOD.replace("The first", "Number one").replace("name: mine", "name: yours")) == base
    changed = [
        hash_of(GOOD.replace("Another.", "Another!")),
        hash_of(GOOD.replace("id: two", "id: deux")),
        hash_of(GOOD.replace("max_tokens: 7", "max_tokens: 8")),
        hash_of(GOOD, max_tokens=100),
        hash_of(GOOD, limit=1),
        hash_of(GOOD, system="ge-function"),
        hash_of(GOOD, system="ge-function", system_power=21),
        hash_of(GOOD, system="ge-function", system_another=False),
    ]
    assert len({base, *changed}) == 9


def test_a_run_can_ask_for_a_part_of_a_suite_and_other_limits() -> None:
    assert ids(load("standard", prompt_ids=("bravado", "waystone"))) == ("waystone", "bravado")
    assert ids(load("standard", limit=3)) == STANDARD[:3]
    assert ids(load("standard", limit=99)) == STANDARD
    assert ids(load("standard", prompt_ids=("bravado", "waystone"), limit=1)) == ("waystone",)
    assert {prompt.max_tokens for prompt in load("standard", max_tokens=64).prompts} == {64}


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"prompt_ids": ("waystne",)}, "no prompt waystne. Did you mean waystone? Known: waystone, black-mirror"),
        ({"prompt_ids": ("waystone", "zzz")}, "no prompt zzz. Known:"),
        ({"prompt_ids": ()}, "no prompt none named"),
        ({"limit": 0}, "--limit is 0"),
        ({"max_tokens": 0}, "--max-tokens is 0"),
        ({"max_tokens": -5}, "--max-tokens is -5"),
        ({"system_power": 3}, "Add --system"),
        ({"system_another": False}, "Add --system"),
    ],
)
def test_a_request_that_fits_nothing_is_refused(request_: dict[str, object], problem: str) -> None:
    with pytest.raises(SuiteError) as caught:
        load("standard", **request_)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("standrad", "no suite 'standrad'. Did you mean standard? Known: card, standard."),
        ("zzz", "no suite 'zzz'. Known: card, standard."),
        ("missing.yaml", "there is no file missing.yaml"),
        ("no/where", "there is no file no/where"),
        ("", "no suite ''"),
    ],
)
def test_a_suite_that_is_not_there_is_refused(name: str, problem: str) -> None:
    with pytest.raises(SuiteError) as caught:
        load(name)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (GOOD.replace("title:", "titel:"), ["prompts[0].titel: unknown key"]),
        (GOOD.replace("name: mine\n", ""), ["name: missing"]),
        (GOOD.replace("id: two", "id: one"), ["the id 'one' stands 2 times"]),
        (GOOD.replace("id: two", "id: Two!"), ["prompts[1].id: ", "found 'Two!'"]),
        (GOOD.replace("id: two", "id: two-"), ["prompts[1].id: "]),
        (GOOD.replace("id: two", 'id: "*"'), ["prompts[1].id: "]),
        (GOOD.replace("id: two", "id: 2"), ["prompts[1].id: ", "found 2"]),
        (GOOD.replace("id: two", "id: no"), ["prompts[1].id: ", "found False"]),
        (GOOD.replace("    text: Another.\n", ""), ["prompts[1].text: missing"]),
        (GOOD.replace("Another.", '""'), ["prompts[1].text: must not be blank"]),
        (GOOD.replace("Another.", '" \\n"'), ["prompts[1].text: must not be blank"]),
        (GOOD.replace("Another.", "[a]"), ["prompts[1].text: "]),
        (GOOD.replace("Another.", '"\\ud800"'), ["prompts[1].text: has half a character, \\ud800"]),
        (GOOD.replace("Another.", '"\\ud83c\\udf18"'), ["prompts[1].text: has half a character, \\ud83c"]),
        (GOOD.replace("max_tokens: 7", "max_tokens: 0"), ["max_tokens: ", "equal to 1, found 0"]),
        (GOOD.replace("max_tokens: 7", "max_tokens: -1"), ["found -1"]),
        (GOOD.replace("max_tokens: 7", "max_tokens: 7.5"), ["found 7.5"]),
        (GOOD.replace("max_tokens: 7", 'max_tokens: "7"'), ["found '7'"]),
        (GOOD.replace("max_tokens: 7", "max_tokens: yes"), ["found True"]),
        (GOOD.replace("max_tokens: 100\n", ""), ["prompts[0].max_tokens: missing"]),
        (GOOD.replace("max_tokens: 100\n", "max_tokens: null\n"), ["prompts[0].max_tokens: missing"]),
        (GOOD.replace("Another.", "Another.\n    text: Lost."), ["the key 'text' stands twice", "line 12"]),
        ("name: mine\n", ["a suite needs a prompt"]),
        ("name: mine\nprompts: []\n", ["a suite needs a prompt"]),
        ("name: mine\nprompts: {a: 1}\n", ["prompts: "]),
        ("", ["must be a mapping"]),
        ("just text", ["must be a mapping"]),
        ("name: [", ["is not YAML"]),
        ("name: 2026-13-45\n", ["is not YAML"]),
        ("? [a]\n: b\n", ["is not YAML"]),
        ("name: !!python/object/apply:os.getcwd []\n", ["is not YAML"]),
        ("[" * 5000, ["is not YAML"]),
        (b"name: \xff\n", ["is not YAML"]),
    ],
)  # fmt: skip
def test_a_wrong_suite_is_refused_with_file_place_and_reason(
    tmp_path: Path, text: str | bytes, problems: list[str]
) -> None:
    with pytest.raises(SuiteError) as caught:
        load(write(tmp_path, text))
    assert "mine.yaml" in str(caught.value)
    for problem in problems:
        assert problem in str(caught.value)
    assert caught.value.exit_code == 2


def test_all_problems_of_a_suite_come_in_one_error(tmp_path: Path) -> None:
    text = GOOD.replace("title:", "titel:").replace("id: two", "id: one").replace("max_tokens: 7", "max_tokens: 0")
    with pytest.raises(SuiteError) as caught:
        load(write(tmp_path, text))
    for problem in ("prompts[0].titel", "prompts[1].max_tokens", "the id 'one' stands 2 times"):
        assert problem in str(caught.value)


def test_a_huge_wrong_value_is_not_printed_whole(tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        load(write(tmp_path, GOOD.replace("id: two", f"id: {'X' * 10_000}")))
    assert len(str(caught.value)) < 1_000


def test_aliases_that_would_grow_without_end_do_not(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
    )
    with pytest.raises(SuiteError, match="unknown key"):
        load(write(tmp_path, bomb))


def test_a_suite_includes_others_by_name_or_by_path(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    write(tmp_path / "deeper", GOOD)
    path = write(tmp_path, "name: both\ninclude: [standard, deeper/mine.yaml]\n", "both.yaml")
    assert ids(load(path)) == (*STANDARD, "one", "two")


@pytest.mark.parametrize(
    ("include", "problem"),
    [
        ("mine.yaml", "includes mine.yaml, which includes it in turn"),
        ("other.yaml", "includes mine.yaml, which includes it in turn"),
        ("missing.yaml", "there is no file"),
        ("standrad", "Did you mean standard?"),
        ("[standard, standard]", "waystone twice"),
        ("7", "include: "),
    ],
)
def test_an_include_that_cannot_work_is_refused(tmp_path: Path, include: str, problem: str) -> None:
    write(tmp_path, "name: other\ninclude: mine.yaml\n", "other.yaml")
    with pytest.raises(SuiteError) as caught:
        load(write(tmp_path, f"include: {include}\n{GOOD}"))
    assert problem in str(caught.value)


def test_an_id_that_an_included_suite_has_already_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"mine\.yaml gets the ids waystone twice"):
        load(write(tmp_path, "include: standard\n" + GOOD.replace("id: two", "id: waystone")))


def test_a_folder_or_a_huge_file_is_no_suite(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(SuiteError, match="there is no file"):
        load(tmp_path / "folder.yaml")
    with (tmp_path / "huge.yaml").open("wb") as handle:
        handle.truncate((16 << 20) + 1)
    with pytest.raises(SuiteError, match="larger than"):
        load(tmp_path / "huge.yaml")


def test_a_hash_is_canonical_over_any_text(tmp_path: Path) -> None:
    hard = 'quotes " and \\ back, tab\tand … “curly” 🌘'
    quoted = json.dumps(hard, ensure_ascii=False)
    suite = load(write(tmp_path, f"name: mine\nmax_tokens: 5\nprompts:\n  - id: hard\n    text: {quoted}\n"))
    assert suite.prompts[0].text == hard
    expected = json.dumps({"id": "hard", "max_tokens": 5, "text": hard}, ensure_ascii=False, separators=(",", ":"))
    assert suite.prompts[0].content_hash == sha256(expected)
