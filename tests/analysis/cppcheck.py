"""cppcheck with its MISRA addon, as every analysis here calls it.

python -m tests.analysis.cppcheck REPORT.xml FOLDER_FOR_STATE ARGUMENTS...
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ARGUMENTS = (
    "--addon=misra",
    "--enable=all",
    "--inconclusive",
    "--check-level=exhaustive",
    "--std=c11",
    "--platform=arm32-wchar_t4",
    "--xml",
    # One configuration: that of gcc for a little-endian target. Without -D and -U cppcheck would try them all,
    # among them the one that cffi reads, which has no inline functions.
    "-D__GNUC__=12",
    "-D__BYTE_ORDER__=1234",
    "-D__ORDER_LITTLE_ENDIAN__=1234",
    "-DMRT_INIT_PROVES_GRAPH=1",
    "-UMRT_CDEF",
    "-UMRT_CONFIG_FILE",
    "-U__cplusplus",
)


def run(report: Path, state: Path, arguments: list[str], jobs: int = os.cpu_count() or 1) -> None:
    """Analyse files; files that have not changed since are taken from `state`.

    Raises:
        subprocess.CalledProcessError: cppcheck itself failed; findings are no failure.
    """
    state.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "cppcheck", f"-j{jobs}", f"--cppcheck-build-dir={state}", *ARGUMENTS]
    subprocess.run([*command, f"--output-file={report}", *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
