"""The CMSIS-Pack: runtime and example as components, for uVision, CMSIS-Toolbox, IAR and whatever else reads packs.

The format is Open-CMSIS-Pack's, schema 1.7.7 (https://open-cmsis-pack.github.io/Open-CMSIS-Pack-Spec/main/html/).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from micrort import sources
from micrort.distribution import Contents, Files

VENDOR, NAME = "micrort", "runtime"
CONDITIONS = {"runtime/kernels/dsp/": "DSP", "runtime/kernels/mve/": "MVE"}
"""Folders of kernels that only some cores gain by -> condition of the description."""


def files(contents: Contents) -> Files:
    """Everything in the pack, its description included."""
    ours: Files = {f"include/{name}": data for name, data in contents.headers.items()}
    ours |= {f"runtime/{name}": data for name, data in contents.runtime.items()}
    ours |= {f"examples/sine/{name}": data for name, data in contents.model.items()}
    ours["LICENSE"] = (sources.root() / "LICENSE").read_bytes()
    more: dict[str, Any] = {
        "vendor": VENDOR,
        "name": NAME,
        "units": [{"name": name, "condition": _condition(name)} for name in ours if _is_unit(name, "runtime/")],
        "example": [name for name in ours if _is_unit(name, "examples/")],
    }
    made = contents.rendered(Path(__file__).parent / "files/pack", more)
    made[f"{VENDOR}.{NAME}.pdsc"] = made.pop("package.pdsc")
    return ours | made


def file_name(contents: Contents) -> str:
    """As the format wants it."""
    return f"{VENDOR}.{NAME}.{contents.values['version']}.pack"


def _is_unit(name: str, folder: str) -> bool:
    return name.startswith(folder) and name.endswith(".c")


def _condition(name: str) -> str | None:
    return next((condition for folder, condition in CONDITIONS.items() if name.startswith(folder)), None)
