"""The runtime for other people's build systems: a CMSIS-Pack, and a library for Arduino and PlatformIO.

Both hold the sources of the runtime; kernels for particular cores guard themselves, so that every file compiles for
every core. Beside them lies one example, with its model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2

from micrort import __version__, mlf, sources
from micrort.codegen import tables

Files = dict[str, bytes]
"""Path, with slashes -> content."""
SUFFIXES = (".c", ".h", ".inc", ".def")


@dataclass(frozen=True)
class Contents:
    """What every distribution is made of."""

    headers: Files
    """Below include/."""
    runtime: Files
    """Below runtime/; file names are unique in each folder only."""
    model: Files
    """Header and C of the example's model."""
    values: Mapping[str, Any]
    """What templates may name: version, model, and the properties of Contents."""

    def rendered(self, folder: Path, more: Mapping[str, Any]) -> Files:
        """Every `.jinja` file below `folder`, filled in; others as they are."""
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # C and text; names of files need no escapes
        )
        made: Files = {}
        for path in sorted(item for item in folder.rglob("*") if item.is_file()):
            name = path.relative_to(folder).as_posix()
            text = environment.get_template(name).render(self.values, **more) if path.suffix == ".jinja" else None
            made[name.removesuffix(".jinja")] = path.read_bytes() if text is None else text.encode()
        return made


def contents(package: mlf.Package) -> Contents:
    """The runtime with one compiled model: tables for the executor.

    Args:
        package: of any name; compiled for no core in particular, so that the example runs everywhere.
    """
    graph = replace(package.graph, name=package.name)
    model = {
        f"mrt_{package.name}.h": tables.header(graph, "graph"),
        f"{package.name}_tables.c": tables.tables(graph),
        f"{package.name}_arenas.c": tables.arenas(graph),
    }
    return Contents(
        headers=_tree(sources.root() / "include"),
        # the table of all kernels is the host's: a firmware that loads models lists those that it offers
        runtime={name: data for name, data in _tree(sources.root() / "runtime").items() if name != "kernels/kernels.c"},
        model={name: text.encode() for name, text in model.items()},
        values={"version": __version__, "model": package.name},
    )


def _tree(folder: Path) -> Files:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
