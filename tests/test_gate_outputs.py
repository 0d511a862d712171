"""What the decision looks like elsewhere: nothing in it can end a command, a cell, a tag or a line."""

import json
from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import pytest

from evalkit.gate.annotations import annotation_lines
from evalkit.gate.junit import junit_xml
from evalkit.gate.markdown import MAX_BYTES, decision_markdown
from evalkit.gate.overview import headline, overview
from evalkit.gate.sarif import decision_sarif
from evalkit.gate.terminal import decision_lines
from evalkit.records.gate import Decision, Outcome, Release
from evalkit.records.scores import Metric
from tests.gate_samples import baseline, judge, policy, release, variant, with_facts, with_values

HOSTILE = "M3\r\n::error::gotcha\n<img src=x>|`a`\x1b[31m\u202e%0A @team [x](http://e) --"


def looping() -> Release:
    return with_values(release(), "M3", Metric.LOOP, {"sky": 1.0})


def parsed(content: bytes) -> Element:
    return fromstring(content)  # noqa: S314 - our own output


def hostile() -> Decision:
    """A variant whose label and type come from a stranger."""
    stranger = variant(HOSTILE, quant_type=HOSTILE)
    return judge(replace(release(), variants=(*release().variants, stranger)), baseline())


def test_the_terminal_shows_every_rule_with_figure_limit_and_evidence() -> None:
    text = "\n".join(decision_lines(judge(looping(), baseline())))
    assert "FAIL          hard.loops" in text
    assert "x M3, sky: It repeats itself. 1, limit 0  [scores.csv: M3,sky,loop]" in text
    assert "pass          intent.stray" in text
    assert "limit 0.25" in text
    assert text.splitlines()[-1].startswith("gate closed: 1 of ")


def test_the_nearest_pass_is_the_one_that_is_shown() -> None:
    near = with_values(release(), "M2", Metric.KL_DIVERGENCE, {"inn": 0.45})
    line = next(one for one in overview(judge(near, baseline(near))) if one.rule == "intent.stray-prompt")
    assert (line.outcome, line.shown.observation.label, line.shown.observation.prompt_id) == (Outcome.PASS, "M2", "inn")


def test_the_headline_names_verdict_run_and_baseline() -> None:
    assert headline(judge(release(), baseline())).startswith("gate open: ")
    assert "against 20261124T120000Z-aaaa0000" in headline(judge(release(), baseline()))
    assert headline(judge(release(), None)) == "no verdict possible (20261124T120000Z-aaaa0000)"


def test_terminal_lines_hold_no_control_characters() -> None:
    for line in decision_lines(hostile()):
        assert "\x1b" not in line
        assert "\u202e" not in line
        assert "\n" not in line
        assert "\r" not in line


def test_junit_counts_what_blocks_and_carries_the_rest() -> None:
    root = parsed(junit_xml(judge(looping(), baseline())))
    suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
    assert set(suites) == {"hard", "intent", "regression", "cost"}
    assert (suites["hard"].get("failures"), suites["intent"].get("failures")) == ("1", "0")
    (failure,) = root.iter("failure")
    assert failure.get("type") == "broken rule"
    assert "M3, sky" in (failure.text or "")
    assert int(suites["hard"].get("tests") or 0) == len(list(suites["hard"].iter("testcase")))


def test_junit_tells_missing_data_and_no_verdict_apart() -> None:
    lost = with_values(release(), "M3", Metric.REFUSAL, {"sky": None})
    (failure,) = parsed(junit_xml(judge(lost, baseline()))).iter("failure")
    assert failure.get("type") == "not measured"
    (error,) = parsed(junit_xml(judge(release(), None))).iter("error")
    assert "There is no baseline" in (error.text or "")


def test_junit_survives_what_xml_cannot_hold() -> None:
    assert parsed(junit_xml(hostile())).tag == "testsuites"
    surrogate = judge(with_facts(release(), "M3", quant_type="a\ud800\x00b"), baseline())
    assert parsed(junit_xml(surrogate)).tag == "testsuites"


def test_annotations_are_at_most_ten_and_one_line_each() -> None:
    many = release()
    for prompt_id in many.prompt_ids:
        for label in ("M1", "M2", "M3"):
            many = with_values(many, label, Metric.LOOP, {prompt_id: 1.0})
    lines = annotation_lines(judge(many, baseline()))
    assert len(lines) == 10
    assert lines[0].startswith("::error title=evalkit gate::gate closed")
    for line in annotation_lines(hostile()):
        assert "\n" not in line
        assert "\r" not in line


def test_an_annotation_cannot_be_ended_by_its_text() -> None:
    (line,) = [one for one in annotation_lines(hostile()) if "quant-type" in one]
    properties, _, message = line.removeprefix("::error title=").partition("::")
    assert ":" not in properties
    assert "," not in properties
    assert "%250A" in message


def test_an_open_gate_is_a_notice() -> None:
    assert annotation_lines(judge(release(), baseline()))[0].startswith("::notice title=evalkit gate::gate open")


def test_markdown_shows_text_as_it_stands() -> None:
    text = decision_markdown(hostile())
    assert "<img" not in text
    assert "[x](" not in text
    assert "@team" not in text.replace("\\@team", "")
    rows = [line for line in text.splitlines() if "quant" in line and line.startswith("|")]
    for row in rows:
        assert len([part for part in row.replace("\\|", "").split("|") if part.strip()]) in (4, 6)


def test_markdown_names_what_blocks_first() -> None:
    decision = judge(with_facts(looping(), "M2", payload_hash="9" * 64), baseline())
    rows = [line for line in decision_markdown(decision).splitlines() if line.startswith(("| **", "| warn"))]
    assert rows[0].startswith("| **fail** | hard.loops".replace(".", "."))
    assert rows[-1].startswith("| warn | hard.variant\\-payload")


def test_huge_markdown_is_cut_with_a_note() -> None:
    decision = judge(looping(), baseline())
    huge = replace(decision, notes=tuple("word " * 300 for _ in range(2000)))
    text = decision_markdown(huge)
    assert len(text.encode()) < MAX_BYTES + 200
    assert "Cut here" in text.splitlines()[-1]


def test_sarif_has_every_rule_and_one_result_per_finding_that_did_not_pass() -> None:
    document = json.loads(decision_sarif(judge(looping(), baseline(), policy(hard__bits={"limit": 2.0}))))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == {"hard.loops", "hard.bits"} <= known
    assert {result["level"] for result in run["results"]} == {"error"}
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "manifest.json"


def test_sarif_of_no_verdict_says_so() -> None:
    (run,) = json.loads(decision_sarif(judge(release(), None)))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "no baseline" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize("render", [decision_markdown, junit_xml, decision_sarif, decision_lines, annotation_lines])
def test_every_rendering_is_the_same_for_the_same_decision(render: object) -> None:
    assert callable(render)
    assert render(judge(looping(), baseline())) == render(judge(looping(), baseline()))
