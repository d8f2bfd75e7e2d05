"""A model as the blobs that firmware loads at run time: a .mrt file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from micrort.errors import UsageError
from micrort.ir.executor_graph import ExecutorGraph
from micrort.mlf.archive import write_bytes
from micrort.mlf.package import Package


@dataclass(frozen=True)
class Blob:
    """A model's graph and params blobs; what can be run as a `Package` can."""

    name: str
    data: bytes
    """The graph blob, behind it the params blob."""
    figures: Mapping[str, Any]
    """`target`, where one is known."""
    executor: ClassVar[str] = "graph"

    @cached_property
    def graph(self) -> ExecutorGraph:
        """The graph that the blobs describe, checked.

        Raises:
            ModelError: they are damaged, of another version, or need kernels that are not in the library.
        """
        from micrort.codegen import blob_reader

        return blob_reader.read(self.data, self.name)

    @property
    def kernels(self) -> tuple[str, ...]:
        """Names of the kernels that the graph needs, each once, sorted."""
        return tuple(sorted({node.kernel for node in self.graph.nodes}))


def make(package: Package) -> Blob:
    """The blobs of a package.

    Raises:
        UsageError: the package has direct calls instead of tables, or operators of another compiler.
    """
    from micrort.codegen import blob

    if package.executor != "graph":
        raise UsageError(
            f"{package.name} is compiled to direct calls (aot), of which no blob can be made: "
            "compile with --executor graph"
        )
    if package.foreign is not None:
        raise UsageError(
            f"{package.name} has operators of another compiler, which are code: a blob holds tables and weights only"
        )
    return Blob(package.name, blob.write(package.graph).model, {"target": package.figures.get("target")})


def read(path: Path) -> Blob:
    """Read a .mrt file.

    Raises:
        UsageError: it cannot be read.
        ModelError: see `Blob.graph`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    graph = Blob(str(path), data, {}).graph
    return Blob(graph.name, data, {})


def save(blob: Blob, path: Path) -> None:
    """Write a .mrt file, whole or not at all.

    Raises:
        UsageError: the folder does not exist or cannot be written to.
    """
    write_bytes(blob.data, path)
