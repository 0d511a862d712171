"""The decision as SARIF 2.1.0, which code-scanning dashboards read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from evalkit import __version__
from evalkit.gate.overview import figure_words, message_words, overview, subject
from evalkit.gate.rules import RULES
from evalkit.records.gate import Decision, Finding, Verdict

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def decision_sarif(decision: Decision) -> str:
    """Every rule of the gate, and one result per finding that did not pass, at a file of the run folder."""
    results = [_result(finding) for line in overview(decision) for finding in line.noteworthy]
    run = {
        "tool": {
            "driver": {
                "name": "evalkit gate",
                "version": __version__,
                "rules": [
                    {
                        "id": rule.id,
                        "shortDescription": {"text": rule.title},
                        "fullDescription": {"text": rule.explanation},
                    }
                    for rule in RULES
                ],
            }
        },
        "invocations": [
            {
                "executionSuccessful": decision.verdict is not Verdict.NO_VERDICT,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": obstacle}} for obstacle in decision.obstacles
                ],
            }
        ],
        "results": results,
        "properties": {"verdict": decision.verdict, "run": decision.run_id, "baseline": decision.baseline_run_id},
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2) + "\n"


def _result(finding: Finding) -> dict[str, Any]:
    seen = finding.observation
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "error" if finding.blocks else "warning",
        "message": {"text": f"{subject(finding)}: {message_words(finding)} ({figure_words(finding)})"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": quote(seen.evidence.file)}},
                "logicalLocations": [{"fullyQualifiedName": seen.evidence.row or seen.label}],
            }
        ],
        "properties": {"label": seen.label, "prompt": seen.prompt_id, "figure": seen.figure.value, "limit": seen.limit},
    }
    if finding.waiver:
        result["suppressions"] = [{"kind": "external", "justification": finding.waiver}]
    return result
