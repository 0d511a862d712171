"""The release gate's error rates, by simulation: how often it cries wolf, and which fault it catches by which rule.

    python -m bench.gate FOLDER

makes the demo family, the faults of `bench/gate_faults.py` and real runs of both below FOLDER (some 15 minutes on two
cores; what is there already is kept), then lets the gate decide on them with subsets of prompts drawn at random.

False alarms: the same files, run again. With another number of threads the signature is the same. With other kernels
(another batch size, one row at a time, no flash attention) it is not, and the gate refuses to compare; here it is made
to, since this is the largest change that leaves the files alone: answers fork at near ties, so figures move.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, permutations
from pathlib import Path

import numpy as np
import yaml

from bench.gate_faults import FAULTS, Fault, file_of
from evalkit.analyse.over_prompts import figure_over_prompts
from evalkit.cli.gate_inputs import read_release
from evalkit.demo.build import build_demo_family, default_folder, user_cache
from evalkit.gate.decide import Terms, decide
from evalkit.gate.policy import parse_policy
from evalkit.gate.release import GATE_METRICS
from evalkit.records.family import Role
from evalkit.records.gate import Baseline, Decision, Release, ReleaseVariant, RuleKind, Verdict
from evalkit.store.runs import open_run

SUITE = Path(__file__).with_name("gate_suite.yaml")
LABELS = ("M1", "M2", "M3", "M5", "M7")
RUNS = {
    "base": ("--regenerations", "2", "-t", "1"),
    "one row": ("--regenerations", "1", "-t", "1", "--regen", "plain"),
    "small batches": ("--regenerations", "1", "-t", "1", "--regen", "plain", "-b", "32", "-ub", "32", "-fa", "off"),
    "two threads": ("--regenerations", "2", "-t", "2"),
}
N_PROMPTS = (4, 8, 16)

# The toy model loops whatever is done to it, and its tint says nothing: sound files would fail these rules. Runs in
# other kernels have one regeneration, and where their reference answers otherwise, likeness has nothing to compare.
POLICY = """
rules:
  hard.loops: warn
  hard.refusals: warn
  hard.foreign-script: warn
  hard.reproducible: off
  regression.likeness: {not_measured: warn}
  intent.tint-order: off
  intent.expected-tint-order: off
  cost.speed: off
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often the gate closed, and through which rules."""

    name: str
    n_prompts: int
    n_draws: int
    n_closed: int
    rules: dict[str, int]

    @property
    def share(self) -> float:
        return self.n_closed / self.n_draws


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draws", type=int, default=200, help="subsets of prompts per size")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    family = build_demo_family(default_folder(user_cache()))
    faulty = _run(options.folder / "faults", [_make_faults(family, options.folder / "files")], RUNS["base"])
    sound = {name: _run(options.folder / name, _files(family), arguments) for name, arguments in RUNS.items()}
    rates = [*false_alarms(sound, options.draws), *catches(sound["base"], faulty, options.draws)]
    for line in _table(rates):
        print(line)
    (options.folder / "rates.json").write_text(json.dumps([_plain(rate) for rate in rates], indent=2))


def false_alarms(sound: dict[str, Release], n_draws: int) -> Iterator[Rate]:
    """The same files, run again: with other threads, and with other kernels as if the signature allowed it."""
    again = ("base", "two threads")
    yield from _rates("nothing changed, other threads", [(sound[a], sound[b]) for a, b in permutations(again)], n_draws)
    kernels = ("base", "one row", "small batches")
    pairs = [
        (_as_if_rebuilt(sound[a]), replace(sound[b], signature=sound[a].signature)) for a, b in permutations(kernels, 2)
    ]
    yield from _rates("nothing changed, other kernels", pairs, n_draws)


def _as_if_rebuilt(release: Release) -> Release:
    """Other payload hashes: equal ones would tell the gate that nothing changed."""
    variants = tuple(
        one if one.role is Role.REFERENCE else replace(one, payload_hash=one.payload_hash[::-1])
        for one in release.variants
    )
    return replace(release, variants=variants)


def catches(base: Release, faulty: Release, n_draws: int) -> Iterator[Rate]:
    """Each fault in the place of the variant that it pretends to be, against the sound family as baseline."""
    labelled = list(enumerate(FAULTS))
    for name, group in groupby(labelled, key=lambda item: item[1].name):
        release = base
        for number, fault in group:
            release = _with_fault(release, faulty, f"F{number}", fault)
        yield from _rates(name, [(release, base)], n_draws)


def _with_fault(release: Release, faulty: Release, label: str, fault: Fault) -> Release:
    found = faulty.find(label)
    if found is None:
        failure = next(one for one in faulty.failed if one.label == label)
        kept = tuple(one for one in release.variants if one.label != fault.victim)
        return replace(release, variants=kept, failed=(*release.failed, replace(failure, label=fault.victim)))
    variants = tuple(
        replace(found, label=fault.victim) if one.label == fault.victim else one for one in release.variants
    )
    return replace(release, variants=variants)


def _rates(name: str, pairs: Sequence[tuple[Release, Release]], n_draws: int) -> Iterator[Rate]:
    numbers = np.random.default_rng(2026)
    for n_prompts in N_PROMPTS:
        closed = 0
        rules: Counter[str] = Counter()
        for now, then in pairs:
            for _ in range(n_draws):
                drawn = numbers.choice(len(now.prompt_ids), size=n_prompts, replace=False)
                prompt_ids = tuple(now.prompt_ids[index] for index in sorted(drawn))
                decision = _decide(_only(now, prompt_ids), _only(then, prompt_ids))
                closed += decision.verdict is Verdict.CLOSED
                rules.update({finding.rule for finding in decision.blocking})
        yield Rate(name=name, n_prompts=n_prompts, n_draws=n_draws * len(pairs), n_closed=closed, rules=dict(rules))


def _decide(now: Release, then: Release) -> Decision:
    baseline = Baseline(reason="bench", blessed_by="bench", blessed_utc=then.created_utc, release=then)
    policy = parse_policy(POLICY, "bench policy")
    terms = Terms(policy=policy, baseline=baseline, is_baseline_needed=True, today=date(2026, 1, 1))
    return decide(now, terms)


def _only(release: Release, prompt_ids: tuple[str, ...]) -> Release:
    """The release as it were with these prompts only."""
    return replace(
        release, prompt_ids=prompt_ids, variants=tuple(_variant_only(one, prompt_ids) for one in release.variants)
    )


def _variant_only(variant: ReleaseVariant, prompt_ids: tuple[str, ...]) -> ReleaseVariant:
    prompts = {prompt_id: variant.prompts[prompt_id] for prompt_id in prompt_ids}
    figures = {
        metric: figure_over_prompts(
            metric, {name: record.figures[metric] for name, record in prompts.items() if metric in record.figures}
        )
        for metric in GATE_METRICS
    }
    return replace(variant, prompts=prompts, figures=figures)


def _files(family: Path) -> list[Path]:
    return [file_of(family, label) for label in LABELS]


def _make_faults(family: Path, folder: Path) -> Path:
    """All faults in one family beside the sound reference; labels F0, F1 ... in the order of `FAULTS`."""
    folder.mkdir(exist_ok=True)
    (folder / "M1.gguf").write_bytes(file_of(family, "M1").read_bytes())
    variants = [{"label": "M1", "file": "M1.gguf"}]
    for number, fault in enumerate(FAULTS):
        target = folder / f"F{number}.gguf"
        if not target.exists():
            fault.make(family, target)
        variants.append({"label": f"F{number}", "file": target.name, "description": fault.name})
    document = {"name": "Faults", "reference": "M1", "variants": variants}
    (folder / "family.yaml").write_text(yaml.safe_dump(document))
    return folder


def _run(folder: Path, models: Sequence[Path], arguments: Sequence[str]) -> Release:
    """A real run, by the command line; the same command finds what is finished. A broken file makes it exit 1."""
    command = [sys.executable, "-m", "evalkit", "run", "--models", *map(str, models), "--suite", str(SUITE)]
    places = ["--out", str(folder), "--reports", str(folder / "reports")]
    done = subprocess.run([*command, *arguments, *places], check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return read_release(open_run(folder, None))


def _table(rates: Sequence[Rate]) -> Iterator[str]:
    """One row per happening: how often the gate closed by number of prompts, and by which rules with 8."""
    sizes = " | ".join(f"{n} prompts" for n in N_PROMPTS)
    yield f"| What happened | {sizes} | closed by (share of draws with 8 prompts) |"
    yield f"|---|{'---|' * len(N_PROMPTS)}---|"
    for name, group in groupby(rates, key=lambda rate: rate.name):
        rows = {rate.n_prompts: rate for rate in group}
        shares = " | ".join(f"{100 * rows[n].share:.1f} %" for n in N_PROMPTS)
        shown = rows[8]
        named = [
            rule if n == shown.n_draws else f"{rule} {100 * n / shown.n_draws:.0f} %"
            for rule, n in sorted(shown.rules.items(), key=lambda item: (-item[1], item[0]))
        ]
        yield f"| {name} | {shares} | {', '.join(named) or 'none'} |"


def _plain(rate: Rate) -> dict[str, object]:
    regression = [rule for rule in rate.rules if rule.startswith(RuleKind.REGRESSION.value)]
    return {
        "name": rate.name,
        "n_prompts": rate.n_prompts,
        "n_draws": rate.n_draws,
        "share_closed": rate.share,
        "rules": rate.rules,
        "regression_rules": regression,
    }


if __name__ == "__main__":
    main()
