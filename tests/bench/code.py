"""What each kernel takes of code: `python -m tests.bench.code [--update]`.

Links every kernel by itself, and the executor, from the library and from the one for small code, and prints bytes by
target; `--update` writes python/micrort/variants/code.json, by which the compiler weighs kernels.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from micrort.devices.targets import CROSS, TARGETS, Target
from micrort.project import build
from micrort.project.target_figures import kernel_names
from micrort.variants import code

MEASURED = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m55")
EXECUTOR = ("init", "input", "output", "set_input", "get_output", "run", "step")


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write."""
    found = {
        code.library_name(name, small): measure(TARGETS[name], small) for name in MEASURED for small in (False, True)
    }
    print(f"{'':<28}" + "".join(f"{name.removeprefix('cortex-'):>14}" for name in found))
    for user in (code.CORE, *kernel_names()):
        totals = (sum(size for size, users in groups if user in users) for groups in found.values())
        print(f"{user:<28}" + "".join(f"{total:>14,}" for total in totals))
    if "--update" in arguments:
        code.PATH.write_text(text(found))
    return 0


def measure(target: Target, small: bool) -> list[tuple[int, list[str]]]:
    """Bytes of what the same kernels link, and these kernels; of the library for small code, or not."""
    library = build.library(target, small)
    roots = {code.CORE: [f"mrt_executor_{call}" for call in EXECUTOR]}
    roots |= {name: [f"mrt_{name}_run"] for name in kernel_names()}  # compiled-in models link nothing else of a kernel
    with ThreadPoolExecutor(2) as pool:
        linked = dict(zip(roots, pool.map(lambda names: symbols(library, target, names), roots.values()), strict=True))
    users: dict[tuple[str, int], list[str]] = {}
    for name, parts in linked.items():
        for part in parts:
            users.setdefault(part, []).append(name)
    groups: dict[tuple[str, ...], int] = {}
    for (_, size), names in users.items():
        groups[tuple(names)] = groups.get(tuple(names), 0) + size
    return [(size, list(names)) for names, size in groups.items()]


def symbols(library: Path, target: Target, roots: Sequence[str]) -> set[tuple[str, int]]:
    """Functions and constants with their sizes that `roots` link; none where the target does not have them."""
    with tempfile.TemporaryDirectory() as work:
        image = Path(work) / "image.elf"
        options = ["-nostartfiles", "-Wl,--gc-sections", f"-Wl,--entry={roots[0]}"]
        options += [f"-Wl,--undefined={root}" for root in roots]
        command = [f"{CROSS}gcc", *target.flags, *options, str(library), "-lm", "-o", str(image)]
        subprocess.run(command, check=True, capture_output=True)
        listed = subprocess.run([f"{CROSS}nm", "-S", str(image)], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return {(row[3], int(row[1], 16)) for row in rows if len(row) == 4 and row[2] in "tTrRW"}


def text(found: dict[str, list[tuple[int, list[str]]]]) -> str:
    """JSON with a group a line."""
    parts = []
    for name, groups in found.items():
        lines = ",\n".join(json.dumps(group) for group in sorted(groups, key=lambda group: group[1]))
        parts.append(f"{json.dumps(name)}: [\n{lines}\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
