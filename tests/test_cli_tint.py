"""`evalkit tint` scores texts in order, says why one has no figure, and never lets a text out unescaped."""

from __future__ import annotations

import json
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalkit.cli.tint import tint
from evalkit.measure.embedder import find_embedder
from evalkit.records.errors import NotMeasuredError, UsageError
from tests.test_measure_tint import BREAKFAST, QUIET_DREAD

GERMAN = (
    "Es war einmal ein Müller, der hatte drei Söhne, seine Mühle, einen Esel und einen Kater; die Söhne mussten "
    "mahlen, der Esel Getreide holen und Mehl forttragen, die Katze dagegen die Mäuse wegfangen. Als der Müller "
    "starb, teilten sich die drei Söhne in die Erbschaft, und der jüngste bekam nichts als den Kater."
)
HOSTILE = f"<script>alert(1)</script> {QUIET_DREAD} \u202e\x1b[31m"


def run(*args: str, stdin: str = "") -> Result:
    result = CliRunner().invoke(tint, args, input=stdin, standalone_mode=False)
    if isinstance(result.exception, UsageError):
        raise result.exception
    assert result.exception is None, result.exception
    return result


def lines(*documents: object) -> str:
    return "".join(f"{json.dumps(document)}\n" for document in documents)


def test_json_lines_come_out_in_order_with_nulls_and_a_reason_where_nothing_was_measured() -> None:
    asked = [("b", QUIET_DREAD), ("a", ""), (7, GERMAN), ("short", "The door was open."), ("c", BREAKFAST)]
    result = run("--jsonl", "-", "--method", "lite", stdin=lines(*({"id": i, "text": t} for i, t in asked)))
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["id"] for one in found] == ["b", "a", 7, "short", "c"]
    assert all(one["method"] == "lite" for one in found)
    for one in (found[0], found[4]):
        assert 0 <= one["tint"] <= 100
        assert 0 < one["probability"] < 1
        assert one["peak"] >= one["tint"]
        assert one["reason"] is None
    for one, reason in zip(found[1:4], ("no word", "English", "at least 40 words"), strict=True):
        assert (one["tint"], one["probability"], one["peak"]) == (None, None, None)
        assert reason in one["reason"]


def test_a_texts_figures_do_not_depend_on_the_order() -> None:
    forth = [{"id": "x", "text": QUIET_DREAD}, {"id": "y", "text": BREAKFAST}]
    outputs = [
        run("--jsonl", "-", "--method", "lite", stdin=lines(*order)).stdout for order in (forth, list(reversed(forth)))
    ]
    one, other = ({line["id"]: line for line in map(json.loads, output.splitlines())} for output in outputs)
    assert one == other


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{nope", "line 2 is not JSON"),
        ("[1]", "line 2 is no object"),
        ('{"text": "a"}', 'line 2 has no "id"'),
        ('{"id": true, "text": "a"}', 'line 2 has no "id"'),
        ('{"id": "a", "text": 3}', 'line 2 has no "text"'),
        ("[" * 100_000, "line 2 is not JSON"),
    ],
)
def test_a_malformed_line_is_named_and_nothing_is_scored(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run("--jsonl", "-", "--method", "lite", stdin=lines({"id": "a", "text": BREAKFAST}) + line + "\n")


def test_a_line_separator_inside_a_text_does_not_break_its_line() -> None:
    text = json.dumps({"id": "a", "text": f"{BREAKFAST}\u2028{BREAKFAST}"}, ensure_ascii=False)
    (found,) = run("--jsonl", "-", "--method", "lite", stdin=text + "\n").stdout.splitlines()
    assert json.loads(found)["tint"] is not None


def test_files_and_stdin_are_scored_together_and_lite_says_so(tmp_path: Path) -> None:
    path = tmp_path / "dread.txt"
    path.write_text(QUIET_DREAD, encoding="utf-8")
    shown = run(str(path), "-", "--method", "lite", stdin=BREAKFAST).stdout
    assert "dread.txt" in shown.replace("\n", "")
    assert "LITE" in shown
    document = json.loads(run(str(path), "-", "--method", "lite", "--json", stdin=BREAKFAST).stdout)
    assert document["method"] == "lite"
    assert [one["id"] for one in document["texts"]] == [str(path), "-"]


@pytest.mark.parametrize("args", [(), ("a.txt", "--jsonl", "b"), ("--jsonl", "b", "--explain"), ("/nowhere.txt",)])
def test_a_command_that_cannot_be_meant_is_a_usage_error(args: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run(*args)


def test_bytes_that_are_no_text_are_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        run(str(tmp_path / "a.txt"))


def test_the_explanation_adds_up_to_the_tint(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(f"{QUIET_DREAD} {BREAKFAST}", encoding="utf-8")
    document = json.loads(run(str(path), "--method", "lite", "--json", "--explain").stdout)["texts"][0]
    assert sum(one["contribution"] for one in document["sentences"]) + 50 == pytest.approx(document["tint"], abs=0.05)
    assert "".join(one["text"] for one in document["sentences"]).split()[0] == "The"
    assert "points" in run(str(path), "--method", "lite", "--explain").stdout


def test_a_hostile_text_is_escaped_on_the_page_and_in_the_terminal(tmp_path: Path) -> None:
    path, page = tmp_path / "<b>evil.txt", tmp_path / "out" / "page.html"
    path.write_text(HOSTILE, encoding="utf-8")
    shown = run(str(path), "--method", "lite", "--explain", "--html", str(page)).stdout
    html = page.read_text("utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<b>evil" not in html
    assert "default-src 'none'; style-src 'sha256-" in unescape(html)
    assert "LITE" in html
    assert not {"\x1b", "\u202e"} & set(shown + html)


def test_lite_loads_no_torch(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(QUIET_DREAD, encoding="utf-8")
    command = [sys.executable, "-X", "importtime", "-m", "evalkit", "tint", "--method", "lite", str(tmp_path / "a.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    modules = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "evalkit" in modules
    assert not modules & {"torch", "transformers", "sentence_transformers", "sklearn"}


@pytest.mark.full
def test_the_full_method_reads_hundreds_of_lines_in_one_load() -> None:
    if isinstance(find_embedder(), NotMeasuredError):
        pytest.skip("no embedder")
    texts = [QUIET_DREAD, BREAKFAST] * 100
    result = run("--jsonl", "-", stdin=lines(*({"id": n, "text": text} for n, text in enumerate(texts))))
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["id"] for one in found] == list(range(200))
    assert set(found[0]) == {"id", "tint", "probability", "peak", "reason"}
    assert found[0]["tint"] > found[1]["tint"] + 20


def test_a_pipe_gets_one_line_per_text_however_long_its_name(tmp_path: Path) -> None:
    path = tmp_path / f"{'long-' * 30}name.txt"
    path.write_text(QUIET_DREAD, encoding="utf-8")
    printed = run("--method", "lite", str(path)).stdout.splitlines()
    (own,) = [line for line in printed if line.startswith(str(path))]
    assert float(own.split()[1]) >= 0
