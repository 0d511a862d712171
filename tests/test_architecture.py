"""The import table of docs/architecture.md holds."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "evalkit"


def allowed_imports() -> dict[str, set[str]]:
    """Folder -> what it may import, read from the table in docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)/` \| .* \| (.*) \|$", text, flags=re.MULTILINE)
    return {
        folder: set() if allowed == "nothing" else {part.strip() for part in allowed.split(",")}
        for folder, allowed in rows
        if not allowed.startswith("all")
    }


def imported_modules(path: Path) -> set[str]:
    """Every module of evalkit that a file imports, at its top or inside its functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name for name in found if name.startswith("evalkit.")}


@pytest.mark.parametrize("folder", sorted(allowed_imports()))
def test_a_folder_imports_only_what_the_table_allows(folder: str) -> None:
    allowed = allowed_imports()[folder] | {folder}
    for path in (PACKAGE / folder).rglob("*.py"):
        for module in imported_modules(path):
            parts = module.removeprefix("evalkit.").split(".")
            assert parts[0] in allowed or "/".join(parts[:2]) in allowed, f"{path} imports {module}"


def test_every_folder_stands_in_the_table() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert folders == set(allowed_imports()) | {"cli"}


def test_only_the_engine_imports_llama_cpp() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name != "engine":
            assert (
                "llama_cpp" not in re.findall(r"import (\w+)|from (\w+)", path.read_text(encoding="utf-8")).__str__()
            ), path


def test_help_imports_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "evalkit", "--help"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    modules = {line.rsplit("|", 1)[-1].strip() for line in loaded.splitlines()}
    assert "click" in modules
    assert not modules & {"pandas", "numpy", "torch", "llama_cpp", "pydantic", "yaml", "jinja2", "rich", "scipy"}
