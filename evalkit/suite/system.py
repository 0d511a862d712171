"""System prompts: a plain text, or a file with a power to set and a line to leave out."""

from __future__ import annotations

from pathlib import Path

from evalkit.records.errors import SuiteError
from evalkit.suite.packaged import system_path
from evalkit.suite.schema import SystemFile, system_problems
from evalkit.suite.yaml_file import read_bytes, read_yaml

POWER_FIELD = "{power}"


def load_system(name_or_path: str, *, power: int | None, another: bool) -> tuple[str, str]:
    """The final text of a system prompt, and how it was asked for: `ge-function, power 20`.

    Args:
        name_or_path: a name, a YAML file, or a `.txt` file whose text is used to the byte but for a final line break.
        power: what `{power}` becomes; None for the file's own.
        another: keep the paragraph that asks for another generation.

    Raises:
        SuiteError: no such file, a wrong one, or one without what was to be set.
    """
    path = system_path(name_or_path)
    if path.suffix == ".txt":
        _refuse_settings(path, has_power=False, has_another=False, power=power, another=another)
        return _read_text(path), path.stem
    system = read_yaml(path, SystemFile, system_problems)
    has_power = any(POWER_FIELD in paragraph.text for paragraph in system.paragraphs)
    has_another = any(paragraph.another for paragraph in system.paragraphs)
    _refuse_settings(path, has_power=has_power, has_another=has_another, power=power, another=another)
    kept = [paragraph.text for paragraph in system.paragraphs if another or not paragraph.another]
    chosen = power if power is not None else system.power
    name = ", ".join(
        [
            system.name,
            *([f"power {chosen}"] if has_power else []),
            *([] if another else ["without the line that asks for another generation"]),
        ]
    )
    return "\n\n".join(kept).replace(POWER_FIELD, str(chosen)), name


def _refuse_settings(path: Path, *, has_power: bool, has_another: bool, power: int | None, another: bool) -> None:
    """Raise for a setting that would silently do nothing."""
    if power is not None and power < 1:
        raise SuiteError(f"the power of a system prompt is 1 or more, not {power}.")
    if power is not None and not has_power:
        raise SuiteError(f"{path} has no {POWER_FIELD} to set. Leave --system-power out, or choose ge-function.")
    if not another and not has_another:
        raise SuiteError(f"{path} has no paragraph marked `another` to leave out. Leave --no-system-another out.")


def _read_text(path: Path) -> str:
    try:
        text = read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise SuiteError(f"{path} is not UTF-8: {error.reason} at byte {error.start}. Save it as UTF-8.") from error
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise SuiteError(f"{path} is blank. Leave --system out to send none.")
    return text
