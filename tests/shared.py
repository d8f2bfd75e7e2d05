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


def corpus(name: str) -> bytes:
    """A file of the operator corpus, ops/given.zip: `NAME.tflite`, `NAME.out` or `index.json`."""
    return _corpus().read(f"given/{name}")


@lru_cache(maxsize=1)
def _corpus() -> zipfile.ZipFile:
    return zipfile.ZipFile(shared("ops", "given.zip"))
