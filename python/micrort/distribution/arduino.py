"""The library for Arduino (specification 1.5) and PlatformIO: one folder that both take as it is."""

from __future__ import annotations

from pathlib import Path

from micrort import sources
from micrort.distribution import Contents, Files

NAME = "micrort"


def files(contents: Contents) -> Files:
    """Everything in the folder. Both systems compile all below src/, with src/ as include path, and flags of theirs."""
    ours: Files = {f"src/{name}": data for name, data in contents.headers.items()}
    ours |= {f"src/runtime/{name}": data for name, data in contents.runtime.items()}
    ours |= {f"examples/Sine/{name}": data for name, data in contents.model.items()}
    ours["LICENSE"] = (sources.root() / "LICENSE").read_bytes()
    return ours | contents.rendered(Path(__file__).parent / "files/arduino", {"name": NAME})


def file_name(contents: Contents) -> str:
    """What Arduino's "Add .ZIP Library" takes."""
    return f"{NAME}-{contents.values['version']}.zip"
