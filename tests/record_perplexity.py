"""Records what llama-perplexity prints: `python -m tests.record_perplexity PATH-OF-LLAMA-PERPLEXITY`.

How to build the program with twelve digits stands in `tests/data/llama-perplexity/README.md`.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from evalkit.demo.build import build_demo_family, default_folder, user_cache
from evalkit.engine.child import ChildEngine
from evalkit.family.gguf_header import read_model
from evalkit.family.payload import payload_hash
from tests.perplexity_samples import CASES, NAMES, RECORDED, ROWS_CASE, Case, model, write_text


def main() -> None:
    program, family = sys.argv[1], build_demo_family(default_folder(user_cache()))
    build = ChildEngine().build()
    document = {
        "llama_cpp_python": build.llama_cpp_python,
        "system_info": build.system_info,
        "payload_hashes": {
            label: payload_hash(read_model([model(family, label)]))
            for label in ("M1", *sorted({case.variant for case in (*CASES, ROWS_CASE)}))
        },
        "figures": {},
    }
    with tempfile.TemporaryDirectory() as scratch:
        for case in (*CASES, ROWS_CASE):
            document["figures"][case.key] = run(program, family, case, Path(scratch))
        save_rows(family, Path(scratch))
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (RECORDED / "figures.json").write_text(text + "\n", encoding="utf-8")


def run(program: str, family: Path, case: Case, scratch: Path) -> dict[str, list[float | None]]:
    """Per name the value and its uncertainty, where the program prints one."""
    base = scratch / f"{case.key}.kld"
    common = ["-f", str(write_text(case.text, scratch)), "-c", str(case.n_ctx), "-t", "1"]
    common += ["--kl-divergence-base", str(base), *(["--chunks", str(case.chunks)] if case.chunks else [])]
    subprocess.run([program, "-m", str(model(family, "M1")), *common], check=True, capture_output=True)
    command = [program, "-m", str(model(family, case.variant)), *common, "--kl-divergence"]
    printed = ""
    while "Same top p:" not in printed:
        # Its logging thread may die before it has written the last lines.
        printed = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    found: dict[str, list[float | None]] = {}
    for name, words in NAMES.items():
        line = next(line for line in printed.splitlines() if line.strip().startswith(words))
        numbers = re.findall(r"-?\d+\.\d+", line.partition(":")[2])
        found[name] = [float(numbers[0]), float(numbers[1]) if len(numbers) > 1 else None]
    return found


def save_rows(family: Path, scratch: Path) -> None:
    """The program's own file of one case, and the logits of both models at the same positions."""
    from evalkit.engine.corpus import steps
    from evalkit.engine.corpus_text import read_text
    from evalkit.engine.llama import LlamaModel, LogTail
    from evalkit.records.run import EngineSettings

    settings = EngineSettings(n_threads=1, full_window_cache=False)
    logits: dict[str, list[np.ndarray]] = {}
    for label in ("M1", ROWS_CASE.variant):
        loaded = LlamaModel(model(family, label), settings, LogTail(), lambda _: None)
        text = read_text(scratch / f"{ROWS_CASE.text}.txt", loaded, ROWS_CASE.n_ctx, ROWS_CASE.chunks)
        (group,) = text.groups(2048 // ROWS_CASE.n_ctx)
        memory = loaded.open_context(ROWS_CASE.n_ctx, len(group), settings)
        (runs,) = steps(group, settings.n_ubatch)
        rows = np.stack([row.copy() for row in memory.decode(runs)]).reshape(len(group), -1, loaded.n_vocab)
        logits[label] = [row for chunk in rows for row in chunk[:-1]]
    tokens = [chunk.scored_token(index) for chunk in group for index in range(chunk.n_scored)]
    base = (scratch / f"{ROWS_CASE.key}.kld").read_bytes()
    np.savez_compressed(
        RECORDED / "rows.npz",
        base=np.frombuffer(base, dtype=np.uint8),
        # Of the reference's logits one chunk: enough to see that we round them as the program does.
        reference_logits=np.stack(logits["M1"][: group[0].n_scored]),
        variant_logits=np.stack(logits[ROWS_CASE.variant]),
        next_tokens=np.array(tokens, dtype=np.int32),
    )


if __name__ == "__main__":
    main()
