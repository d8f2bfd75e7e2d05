"""Data that lies beside the repository: real models, golden outputs, the operator corpus."""

from __future__ import annotations

import os
import zipfile
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("MICRORT_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def shared(*parts: str) -> Path:
    """The path of a shared file; skips the test where it is absent."""
    path = ROOT.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is absent; set MICRORT_SHARED to the folder that holds models/ and ops/")
    return path


@lru_cache(maxsize=1)
def corpus() -> zipfile.ZipFile:
    """ops/given.zip, open: NAME.tflite, NAME.out, index.json."""
    return zipfile.ZipFile(shared("ops", "given.zip"))
