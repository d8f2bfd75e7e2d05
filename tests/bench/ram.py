"""Arena bytes of the MLPerf Tiny models by level, with their bytes compared: the table of what rows save.

python -m tests.bench.ram [--target cortex-m4] [MODEL ...]      models of the folder that MICRORT_SHARED names

Every figure is the arena that `micrort run --json` gives, inputs, outputs and kernel workspace included; `tables` are
bytes of schedule and row table in flash. Outputs of all levels are compared on the host, by the device's very C.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from micrort import frontends, inputs
from micrort.codegen import tables
from micrort.compiler import CompileOptions, compile_model
from micrort.ir.executor_graph import ExecutorGraph
from micrort.native.executor import HostExecutor

MODELS = ("kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "ad01_int8")
FLOORS = {"kws_ref_model": 8_640, "pretrainedResnet_quant": 10_944, "vww_96_int8": 28_032, "ad01_int8": 768}
"""Most bytes of rows alive at once, rows made on demand in the best cut, averages over images as a whole."""
LEVELS = ("speed", "balanced", "ram")


def outputs(graph: ExecutorGraph, seed: int) -> dict[str, bytes]:
    """Of one inference on the host."""
    executor = HostExecutor(graph)
    for name, array in inputs.generate(seed, [graph.tensors[index] for index in graph.inputs]).items():
        executor.set_input(name, array)
    return {name: array.tobytes() for name, array in executor.run().items()}


def row(path: Path, target: str) -> str:
    """A line of the table."""
    names = frontends.load(path).inputs
    choices = {level: CompileOptions(target=target, optimize=level) for level in LEVELS}
    choices["least"] = CompileOptions(target=target, max_ram=1)
    choices["least, streamed"] = CompileOptions(target=target, max_ram=1, stream_inputs=names)
    cells, wanted = [], None
    for options in choices.values():
        try:
            graph = compile_model(path, options).graph
        except Exception as problem:
            cells.append(type(problem).__name__)
            continue
        made = outputs(graph, 12345)
        wanted = wanted or made
        size = sum(arena.size for arena in graph.arenas)
        flash = tables.table_bytes(graph)
        cells.append(f"{size:,} ({flash['schedule'] + flash['rows']:,}){'' if made == wanted else ' DIFFERENT'}")
    floor = FLOORS.get(path.stem)
    return f"| {path.stem} | {'' if floor is None else format(floor, ',')} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="cortex-m4")
    parser.add_argument("models", nargs="*", type=Path)
    arguments = parser.parse_args()
    shared = Path(os.environ.get("MICRORT_SHARED", "../shared")) / "models"
    paths = arguments.models or [shared / f"{name}.tflite" for name in MODELS]
    print(f"| {arguments.target}: arena (tables) | floor | {' | '.join((*LEVELS, 'least', 'least, streamed'))} |")
    print("|---|---:|" + "---:|" * (len(LEVELS) + 2))
    for path in paths:
        print(row(path, arguments.target), flush=True)


if __name__ == "__main__":
    main()
