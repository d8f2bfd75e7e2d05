"""docs/performance.md from tests/bench/results.json: `python -m tests.bench.report`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench.goals import PEERS, peer
from tests.bench.measure import CORES
from tests.bench.models import RESULTS, Results

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
SIZES = ("code_bytes", "weights_bytes", "arena_bytes", "stack_bytes", "static_ram_bytes", "init_instructions")
NAMES = {"tflm": "TFLM + CMSIS-NN", "tinyengine": "TinyEngine", "microtvm": "microTVM + CMSIS-NN"}

HEAD = """# Performance

Made from tests/bench/results.json; `./dev bench UPDATE=1` measures and writes both. Instructions
of one inference after a warm-up, input `lcg:12345`, arm-none-eabi-gcc, counted exactly under QEMU; they are not cycles.
Sizes in bytes; code is all that is linked of runtime, kernels and tables; the arena holds activations and workspace,
inputs and outputs included; set-up is what an executor needs before its first inference. Figures of other runtimes are
in tests/bench/peers.toml, with the versions that were measured.
"""


def page(results: Results) -> str:
    """The page as Markdown."""
    return "\n".join([HEAD, *_instructions(results), "", *_sizes(results), ""])


def _models(results: Results) -> list[str]:
    found = {label.split(" ")[0] for label, item in results.items() if "refused" not in item}
    return sorted(found, key=lambda name: (name not in PEERS["tflm"], name))


def _instructions(results: Results) -> Iterator[str]:
    """A table of instructions by core; beside ours how many times as many TFLM needs."""
    cores = list(CORES)
    yield "## Instructions\n"
    yield "Under `--optimize balanced`; in brackets how many times as many TFLM with CMSIS-NN needs.\n"
    yield "| model | " + " | ".join(core.removeprefix("cortex-").upper() for core in cores) + " |"
    yield "|---|" + "--:|" * len(cores)
    for model in _models(results):
        cells = [
            _cell(results.get(f"{model} {core} balanced"), peer("tflm", model, "instructions", core)) for core in cores
        ]
        yield f"| {model} | " + " | ".join(cells) + " |"


def _cell(item: Mapping[str, Any] | None, other: int | None) -> str:
    if item is None or "refused" in item:
        return ""
    return f"{item['instructions']:,}" + (f" ({other / item['instructions']:.2f})" if other else "")


def _sizes(results: Results) -> Iterator[str]:
    """A table of sizes on M4, ours at each level beside those of others."""
    yield "## Sizes on Cortex-M4\n"
    yield "| model | runtime | instructions | code | weights | arena | stack | static RAM | set-up |"
    yield "|---|---|" + "--:|" * 7
    for model in _models(results):
        for level in ("balanced", "speed", "size"):
            item = results.get(f"{model} cortex-m4 {level}")
            if item is not None and "refused" not in item:
                yield _row(model, f"micrort, {level}", item["instructions"], [item[name] for name in SIZES])
        for name, label in NAMES.items():
            core = "cortex-m4" if name == "tflm" else "cortex-m7"
            count = peer(name, model, "instructions", core)
            if count is not None:
                where = "" if name == "tflm" else " (M7)"
                yield _row(model, label + where, count, [peer(name, model, size, core) for size in SIZES])


def _row(model: str, runtime: str, instructions: int, sizes: list[int | None]) -> str:
    cells = [f"{value:,}" if value is not None else "" for value in (instructions, *sizes)]
    return f"| {model} | {runtime} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(RESULTS.read_text())), encoding="utf-8")
