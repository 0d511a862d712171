"""System prompts: the card's to the byte, its power and its optional line, and texts of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.records.errors import SuiteError
from evalkit.suite.system import load_system

CARD_TEXT = (Path(__file__).parent / "data/nine-rings/system-ge-function.txt").read_bytes().decode()
ANOTHER_LINE = 'At the end of the task you will ask the user: "Do you want another generation?"\n\n'


def test_ge_function_is_the_cards_to_the_byte() -> None:
    text, name = load_system("ge-function", power=None, another=True)
    assert f"{text}\n" == CARD_TEXT
    assert name == "ge-function, power 20"


def test_the_power_stands_in_both_places() -> None:
    text, name = load_system("ge-function", power=7, another=True)
    assert f"{text}\n" == CARD_TEXT.replace("20", "7")
    assert name == "ge-function, power 7"


def test_the_line_that_asks_for_another_generation_can_be_left_out() -> None:
    assert ANOTHER_LINE in CARD_TEXT
    text, name = load_system("ge-function", power=20, another=False)
    assert f"{text}\n" == CARD_TEXT.replace(ANOTHER_LINE, "")
    assert name == "ge-function, power 20, without the line that asks for another generation"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Be brief.\n", "Be brief."),
        ("Be brief.", "Be brief."),
        ("Be\n\nbrief.\n\n", "Be\n\nbrief.\n"),
        ("a{power}", "a{power}"),
    ],
)
def test_a_text_file_is_used_to_the_byte_but_for_its_last_line_break(tmp_path: Path, content: str, text: str) -> None:
    path = tmp_path / "brief.txt"
    path.write_text(content, encoding="utf-8")
    assert load_system(str(path), power=None, another=True) == (text, "brief")


def system_file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_yaml_file_of_ones_own_works_alike(tmp_path: Path) -> None:
    path = system_file(tmp_path, "name: own\nparagraphs:\n  - text: Be brief.\n  - text: Be kind.\n")
    assert load_system(path, power=None, another=True) == ("Be brief.\n\nBe kind.", "own")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: own\nparagraphs: []\n", "paragraphs: "),
        ("name: own\n", "paragraphs: missing"),
        ("name: own\nparagraphs:\n  - text: Use {power} agents.\n", "power: missing, and the text has a {power}"),
        ("name: own\npower: 0\nparagraphs:\n  - text: Use {power} agents.\n", "power: "),
        ("name: own\nparagraphs:\n  - text: ' '\n", "paragraphs[0].text: must not be blank"),
        ("name: own\nparagraphs:\n  - text: a\n    optional: true\n", "paragraphs[0].optional: unknown key"),
        ("name: own\nparagraphs: 7\n", "paragraphs: "),
        ("7", "must be a mapping"),
    ],
)
def test_a_wrong_system_file_is_refused_with_place_and_reason(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SuiteError, match=r"own\.yaml") as caught:
        load_system(system_file(tmp_path, text), power=None, another=True)
    assert problem in str(caught.value)


def test_a_setting_that_would_do_nothing_is_refused(tmp_path: Path) -> None:
    plain = system_file(tmp_path, "name: own\nparagraphs:\n  - text: Be brief.\n")
    with pytest.raises(SuiteError, match=r"has no \{power\} to set"):
        load_system(plain, power=3, another=True)
    with pytest.raises(SuiteError, match="to leave out"):
        load_system(plain, power=None, another=False)
    with pytest.raises(SuiteError, match="1 or more, not 0"):
        load_system("ge-function", power=0, another=True)


def test_an_unknown_blank_or_broken_system_prompt_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="Did you mean ge-function"):
        load_system("ge-functoin", power=None, another=True)
    (tmp_path / "blank.txt").write_text("\n", encoding="utf-8")
    (tmp_path / "broken.txt").write_bytes(b"a\xffb")
    with pytest.raises(SuiteError, match=r"blank\.txt is blank"):
        load_system(str(tmp_path / "blank.txt"), power=None, another=True)
    with pytest.raises(SuiteError, match=r"broken\.txt is not UTF-8: .* at byte 1"):
        load_system(str(tmp_path / "broken.txt"), power=None, another=True)
