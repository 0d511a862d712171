"""Fixtures that several test modules share; the demo family is built once per session."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.demo.build import build_demo_family, default_folder, user_cache


@pytest.fixture(scope="session")
def demo_family() -> Path:
    """The folder of the ten demo variants, from the user's cache where it is there already."""
    return build_demo_family(default_folder(user_cache()))
