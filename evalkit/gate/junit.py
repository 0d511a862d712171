"""The decision as JUnit XML, which every CI server shows: one suite per kind, one case per rule and variant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evalkit.gate.overview import evidence_words, figure_words, message_words, one_line, subject
from evalkit.records.gate import WHOLE_FAMILY, Decision, Finding, Outcome, RuleKind


def junit_xml(decision: Decision) -> bytes:
    """UTF-8 with a declaration; what blocks is a failure, no verdict an error, the rest stands in the case's output."""
    root = Element("testsuites", name="evalkit gate")
    if decision.obstacles:
        suite = SubElement(root, "testsuite", name="verdict", tests="1", failures="0", errors="1", skipped="0")
        case = SubElement(suite, "testcase", classname="verdict", name="no verdict possible")
        SubElement(case, "error", message="no verdict possible").text = _lines(decision.obstacles)
    for kind in RuleKind:
        findings = [finding for finding in decision.findings if finding.kind is kind]
        if findings:
            _suite(root, kind, findings)
    indent(root)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _suite(root: Element, kind: RuleKind, findings: list[Finding]) -> None:
    cases = [
        (rule, label, list(group))
        for (rule, label), group in groupby(findings, key=lambda one: (one.rule, one.observation.label))
    ]
    n_failures = sum(any(one.blocks for one in group) for _, _, group in cases)
    suite = SubElement(
        root, "testsuite", name=kind.value, tests=str(len(cases)), failures=str(n_failures), errors="0", skipped="0"
    )
    for rule, label, group in cases:
        name = "family" if label == WHOLE_FAMILY else one_line(label)
        case = SubElement(suite, "testcase", classname=f"gate.{rule}", name=name)
        blocking = [one for one in group if one.blocks]
        if blocking:
            message = f"{len(blocking)} of {len(group)} checks of {rule} keep the gate closed"
            kind_of = "not measured" if all(one.outcome is Outcome.NOT_MEASURED for one in blocking) else "broken rule"
            SubElement(case, "failure", message=message, type=kind_of).text = _lines(map(_words, blocking))
        others = [one for one in group if not one.blocks]
        if others:
            SubElement(case, "system-out").text = _lines(f"{one.outcome}: {_words(one)}" for one in others)


def _words(finding: Finding) -> str:
    return f"{subject(finding)}: {message_words(finding)} {figure_words(finding)} [{evidence_words(finding)}]"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(one_line(line) for line in lines)
