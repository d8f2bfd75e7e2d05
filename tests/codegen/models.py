"""Models of our own, compiled once for all tests of generated code, and their C as loadable libraries."""

from __future__ import annotations

import ctypes
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from micrort import compiler, sources
from micrort.ir.executor_graph import ExecutorGraph
from micrort.mlf import Package
from micrort.native import library

MODELS = Path(__file__).resolve().parents[1] / "models"
NAMES = ("digits_int8", "digits_float", "sine_int8", "sine_float")
STRICT = (
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-Wsign-conversion",
    "-Wundef",
    "-Wstrict-prototypes",
    "-Wcast-align",
    "-Werror",
    library.PROVES,
)


@cache
def compiled(name: str, executor: str = "graph") -> Package:
    """The package of one of NAMES."""
    return compiler.compile_model(MODELS / f"{name}.tflite", compiler.CompileOptions(executor=executor))


def write_sources(package: Package, folder: Path) -> list[Path]:
    """Write sources and headers; the sources' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**package.sources, **package.headers}.items():
        (folder / name).write_text(text)
    return [folder / name for name in package.sources]


def run_compiler(*command: str) -> None:
    """Run a compiler; its messages are the failure."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Linked:
    """The C of a package as a shared library on top of the host's runtime."""

    def __init__(self, package: Package, folder: Path) -> None:
        self.ffi, lib = library.load()
        files = map(str, write_sources(package, folder))
        target = folder / "model.so"
        include = f"-I{sources.root() / 'include'}"
        run_compiler("cc", *STRICT, "-O1", "-fPIC", "-shared", include, *files, loaded_runtime(), "-o", str(target))
        self.lib, self.library, self.package = lib, ctypes.CDLL(str(target)), package

    def function(self, suffix: str, signature: str) -> Any:
        """The function `mrt_<model>_<suffix>`, of the C type `signature`."""
        symbol = getattr(self.library, f"mrt_{self.package.name}_{suffix}")
        return self.ffi.cast(signature, ctypes.cast(symbol, ctypes.c_void_p).value)

    def graph(self) -> Any:
        """`mrt_<model>_graph`."""
        symbol = ctypes.c_char.in_dll(self.library, f"mrt_{self.package.name}_graph")
        return self.ffi.cast("const mrt_graph_t *", ctypes.addressof(symbol))


def loaded_runtime() -> str:
    """The file of the host's runtime that this process has loaded."""
    library.load()
    lines = Path("/proc/self/maps").read_text().splitlines()
    return next(line.split(maxsplit=5)[5] for line in lines if line.endswith("/libmicrort.so"))


def random_input(graph: ExecutorGraph, seed: int) -> list[np.ndarray]:
    """Random arrays for all inputs."""
    random = np.random.default_rng(seed)
    arrays = []
    for index in graph.inputs:
        entry = graph.tensors[index]
        if entry.dtype.numpy.kind == "f":
            arrays.append(random.uniform(-1, 1, entry.shape).astype(np.float32))
        else:
            limits = np.iinfo(entry.dtype.numpy)
            arrays.append(random.integers(limits.min, limits.max + 1, entry.shape).astype(entry.dtype.numpy))
    return arrays
