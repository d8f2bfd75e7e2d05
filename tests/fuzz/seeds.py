"""Makes tests/fuzz/corpus/models: small models through our own compiler, so that every kernel has a seed.

python -m tests.fuzz.seeds   writes them; run it again when the format or the kernels change.

Seeds are the models of tests/models that run fast, chains of convolutions in pieces, and for each kernel the smallest
and a middling one of many random models.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from tests.differential import models
from tests.executor_graphs import chain
from tests.fuzz.harness import HERE

from micrort.codegen import blob
from micrort.compiler import CompileOptions, compile_model
from micrort.errors import MicrortError

ROOT = HERE.parents[1]
EXAMPLES = 60
"""Random models of each operator."""
OPTIONS = (
    CompileOptions(),
    *(CompileOptions(target) for target in ("cortex-m0plus", "cortex-m4", "cortex-m55")),
    *(CompileOptions("cortex-m4", optimize=level) for level in ("speed", "size")),
)
"""Any core, and those with kernels of their own."""
BYTES_MAX = 4096
"""Of a seed: small models are mutated in the right place more often, and run fast."""


def random_models(operator: str) -> list[bytes]:
    """Models of one operator; the same at every call."""
    found: list[bytes] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(models.models(operator))
    def collect(model: bytes) -> None:
        found.append(model)

    collect()
    return found


def blobs(model: bytes, folder: Path, name: str, options: CompileOptions) -> tuple[set[str], bytes] | None:
    """Kernels and .mrt of a model; None where it cannot be compiled."""
    path = folder / f"{name}.tflite"
    path.write_bytes(model)
    try:
        graph = compile_model(path, options).graph
    except MicrortError:
        return None
    return {node.kernel for node in graph.nodes}, blob.write(graph).model


def main() -> None:
    """Write the seeds."""
    target = HERE / "corpus" / "models"
    target.mkdir(parents=True, exist_ok=True)
    found: dict[str, set[bytes]] = {}
    best: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as work:
        for operator in models.RULES:
            for model in random_models(operator):
                for options in OPTIONS:
                    kernels, data = blobs(model, Path(work), operator.lower(), options) or ((), b"")
                    for kernel in kernels:
                        found.setdefault(kernel, set()).add(data)
        for kernel, choices in found.items():
            ordered = sorted((data for data in choices if len(data) <= BYTES_MAX), key=lambda data: (len(data), data))
            best[kernel] = ordered[0]
            best[f"{kernel}_2"] = ordered[len(ordered) // 2]
        for pools, rows in ((1, 5), (1, 1), (2, 2)):
            graph = chain(1, (1, 2, 1), pools, rows).graph
            best[f"chain_{pools}_{rows}"] = blob.write(graph).model
        for name in ("sine_int8", "sine_float"):
            made = blobs((ROOT / f"tests/models/{name}.tflite").read_bytes(), Path(work), name, OPTIONS[0])
            assert made is not None
            best[name] = made[1]
    for name, data in best.items():
        if list(best.values()).index(data) == list(best).index(name):  # one file for equal models
            (target / f"{name}.mrt").write_bytes(data)
    print(f"{len(best)} seeds, {sum(map(len, best.values())):,} bytes")


if __name__ == "__main__":
    main()
