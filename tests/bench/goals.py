"""The figures beside ours: of other runtimes (peers.toml) and those wanted (goals.toml)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_HERE = Path(__file__).parent
PEERS: dict[str, dict[str, dict[str, Any]]] = tomllib.loads((_HERE / "peers.toml").read_text())
GOALS: dict[str, dict[str, Any]] = tomllib.loads((_HERE / "goals.toml").read_text())


def peer(name: str, model: str, figure: str, core: str) -> int | None:
    """A figure of another runtime; None where it is not known."""
    value = PEERS[name].get(model, {}).get(figure)
    return value.get(core) if isinstance(value, dict) else value


def goal(level: str, figure: str, model: str, core: str) -> int | None:
    """What a model may need at most at a level of --optimize; None where nothing is said."""
    value = GOALS.get(level, {}).get(figure, {}).get(model)
    if isinstance(value, dict):
        return value.get(core)
    if value is None and figure in GOALS["every"]:
        return int(GOALS["every"][figure])
    return value if figure != "code_bytes" or core == "cortex-m4" else None
