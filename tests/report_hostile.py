"""The worst that strangers could send in texts, labels, ids and metadata."""

from __future__ import annotations

import dataclasses

from evalkit.records.gate import Decision
from evalkit.records.run_data import RunData
from tests.gate_samples import baseline, judge, release, variant
from tests.report_data import SAME_FILE, make_run, prompt

SCRIPT = '</script></style></textarea><script>window.pwned=1</script><img src=x onerror="window.pwned=1">'
ATTRIBUTE = '" onmouseover="window.pwned=1" x="\' autofocus onfocus=window.pwned=1'
REFRESH = '<meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/">'
TEMPLATE = "{{ 7*7 }} {% raw %} ${7*7} [bold red]markup[/] [link=https://evil.example]x[/link]"
TERMINAL = "\x1b]0;title\x07 \u202e [blink]\x9b31m ::error::"
HIDDEN = "start \u202egnitirw\u202c \u2066isolated \x1b[31mred\x07\x00\x9b \ud800 lone \udfff \u200bzero\ufeff end"
PLAIN = "The inn lay in silence and the rain kept falling on the old roof while nobody at all came to the door"


def hostile_run() -> RunData:
    """Every text, label and metadata field carries something that would break a careless page."""
    texts = {
        "M1": f"{SCRIPT} {ATTRIBUTE} {REFRESH} {TEMPLATE}",
        "M2": "x" * 100_000,
        "M3": HIDDEN,
        "M4": "\N{PILE OF POO}" * 1_250_000,
        "M5": "\N{COMBINING ACUTE ACCENT}" * 5_000 + "\r\n\u2028\u2029" + "שלום עולם مرحبا " * 50,
        "M6": "",
        "M7": " \n\n\t ",
        "M8": "\u202e" * 50_000,
        "M9": "a b " * 20_000,
        "M10": f"{SCRIPT}\n" * 50,
    }
    # Few words differ here, so that strangers' text also comes through marks and their notes.
    near = {label: PLAIN.replace("nobody", SCRIPT) for label in texts} | {"M1": PLAIN.replace("falling", ATTRIBUTE)}
    run = make_run(
        {(label, "p"): text for label, text in texts.items()} | {(label, "near"): text for label, text in near.items()},
        (prompt("p", f"{SCRIPT}\u202e", f"{SCRIPT}{'y' * 60_000}\x00\ud800"), prompt("near", "Near", TEMPLATE)),
    )
    run = dataclasses.replace(run, decision=hostile_decision())
    return _rename(
        run,
        {
            "M1": f"M1{SCRIPT}",
            "M2": f"M2\u202e\x1b[31m[bold]{'L' * 3_000}",
            "M3": f"M3{ATTRIBUTE}\ud800",
            "3 steps: M4 + M5": f"{SCRIPT}{TERMINAL}",
            "neo.txt": ATTRIBUTE,
            "neo-large.txt": "\udc80" * 9_000,
            "The reference.": TERMINAL,
            SAME_FILE: f"{TERMINAL}{SCRIPT}",
            "Invented 4b it": f"{TERMINAL}{REFRESH}",
            "dread": ATTRIBUTE,
            "calm": SCRIPT,
        },
    )


def hostile_decision() -> Decision:
    """The gate, with a variant whose label and type come from a stranger."""
    stranger = variant(f"{SCRIPT}{HIDDEN}", quant_type=f"{ATTRIBUTE}{TERMINAL}")
    return judge(dataclasses.replace(release(), variants=(*release().variants, stranger)), baseline())


def _rename(run: RunData, names: dict[str, str]) -> RunData:
    """The same run with other words for some, everywhere they stand."""

    def renamed(value: object) -> object:
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, tuple):
            return tuple(renamed(item) for item in value)
        if isinstance(value, dict):
            return {key: renamed(item) for key, item in value.items()}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            changed = {field.name: renamed(getattr(value, field.name)) for field in dataclasses.fields(value)}
            return dataclasses.replace(value, **changed)
        return value

    result = renamed(run)
    assert isinstance(result, RunData)
    return result
