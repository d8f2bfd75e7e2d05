"""Where the C sources are: the repository in a checkout, a folder of the package in an installed wheel."""

from __future__ import annotations

import os
from pathlib import Path


def root() -> Path:
    """The folder that holds `include`, `runtime` and `ports`."""
    package = Path(__file__).resolve().parent
    installed = package / "_sources"
    return installed if installed.is_dir() else package.parents[1]


def cache() -> Path:
    """The folder for things that can be made again: MICRORT_CACHE, or micrort in the user's cache folder."""
    chosen = os.environ.get("MICRORT_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "micrort"
