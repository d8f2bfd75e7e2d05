"""Holds the arrows of docs/architecture.md, and the bounds on size: what a reader may count on anywhere in the tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python/micrort"
ANYONE_MAY_USE = {"errors", "sources"}
"""Modules beside the rooms, which import nothing of the house themselves."""

C_FUNCTION_LINES = 80
C_FUNCTION_LINES_P90 = 45
C_FILE_LINES = 600
C_PARAMETERS = 6
PYTHON_FILE_LINES = 400
PYTHON_FUNCTION_LINES_P90 = 30


def c_files(*patterns: str) -> list[Path]:
    return sorted(
        path for pattern in patterns for path in ROOT.glob(pattern) if path.suffix in {".c", ".h", ".inc", ".def"}
    )


CORE = c_files("include/**/*", "runtime/**/*")
PORTS = c_files("ports/**/*")
PYTHON = sorted(PACKAGE.rglob("*.py"))
MODULES = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "cli"} - ANYONE_MAY_USE
ROOMS = sorted(MODULES | {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.rglob("*.py"))})


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Python


def arrows() -> dict[str, set[str]]:
    """For each room of the table in docs/architecture.md, all rooms that it may use, theirs included."""
    text = (ROOT / "docs/architecture.md").read_text()
    direct = {}
    for room, uses in re.findall(r"^\| python/micrort/(\w+)(?:/|\.py) \|[^|]*\|([^|]*)\|$", text, re.MULTILINE):
        direct[room] = set(ROOMS) if uses.strip() == "everything" else set(re.findall(r"\w+", uses))
    return {room: closure(room, direct) for room in direct}


def closure(room: str, direct: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [room]
    while waiting:
        for used in direct.get(waiting.pop(), set()) - found:
            found.add(used)
            waiting.append(used)
    return found


def imports(path: Path) -> Iterator[str]:
    """Rooms and modules of the house that a file imports, anywhere in it; imports for types only do not count."""
    tree = ast.parse(path.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)}: write imports in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("micrort.") and name.split(".")[1] in {*ROOMS, *ANYONE_MAY_USE, "cli"}:
                yield name.split(".")[1]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_along_the_arrows(room):
    allowed = arrows()
    assert room in allowed, f"python/micrort/{room} is not in the table of docs/architecture.md: add a row"
    for path in (*(PACKAGE / room).rglob("*.py"), *PACKAGE.glob(f"{room}.py")):
        against = set(imports(path)) - allowed[room] - ANYONE_MAY_USE - {room}
        assert not against, f"{relative(path)} imports {sorted(against)}; {room} may use {sorted(allowed[room])}"


def test_arrows_do_not_run_in_circles():
    for room, used in arrows().items():
        assert room not in used or room == "commands"


def test_nobody_imports_commands():
    users = {relative(path) for path in PYTHON if "commands" in imports(path)}
    assert all(user.startswith("python/micrort/commands/") or user == "python/micrort/cli.py" for user in users), users


@pytest.mark.parametrize("module", sorted(ANYONE_MAY_USE))
def test_what_anyone_may_use_uses_nothing(module):
    assert not set(imports(PACKAGE / f"{module}.py"))


# C


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


def reach(path: Path) -> set[str]:
    """All headers of the house that a file includes, directly or not."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        for name in includes(waiting.pop()):
            for base in (ROOT / "include", ROOT):
                if (base / name).is_file() and name not in found:
                    found.add(name)
                    waiting.append(base / name)
    return found


def against(paths: list[Path], allowed: str) -> list[str]:
    """Direct includes, written as `file: header`, that do not match the pattern; standard headers are free."""
    standard = r"(assert|float|limits|math|stdbool|stddef|stdint|string)\.h"
    pattern = re.compile(f"({allowed}|{standard})")
    return [f"{relative(p)}: {name}" for p in paths for name in includes(p) if not pattern.fullmatch(name)]


def test_public_headers_include_public_headers_only():
    assert not against(
        [p for p in CORE if relative(p).startswith("include/")], r"micrort/[\w/]+\.(h|def)|MRT_CONFIG_FILE"
    )


def test_attribute_headers_include_kernel_h_and_each_other():
    headers = [path for path in CORE if relative(path).startswith("include/micrort/kernels/")]
    assert not against(headers, r"micrort/(kernel|tensor)\.h|micrort/kernels/\w+\.h")


def test_kernels_know_kernels_only():
    kernels = [path for path in CORE if relative(path).startswith("runtime/kernels/")]
    assert kernels
    allowed = (
        r"micrort/(kernel|kernels|tensor|status|config)\.h|micrort/kernels/\w+\.(h|def)|runtime/kernels/[\w/]+\.(h|inc)"
    )
    others = r"|arm_mve\.h|runtime/copy\.h"  # the compiler's own, and what stands in for the C library's
    assert not against(kernels, allowed + others)
    forbidden = {"micrort/graph.h", "micrort/executor.h", "micrort/plan.h", "micrort/micrort.h"}
    for path in kernels:
        assert not reach(path) & forbidden, f"{relative(path)} reaches {sorted(reach(path) & forbidden)}"


def test_the_planner_stands_alone():
    planner = [path for path in CORE if re.fullmatch(r"(runtime|include/micrort)/plan\w*\.[ch]", relative(path))]
    assert not against(planner, r"micrort/(plan|status|config)\.h|runtime/plan\w*\.h")


def test_the_core_does_not_include_kernels():
    core = [path for path in CORE if re.fullmatch(r"runtime/\w+\.[ch]", relative(path))]
    assert core
    assert not against(core, r"micrort/\w+\.h|runtime/\w+\.h")
    for path in core:
        assert "micrort/kernels.h" not in reach(path), f"{relative(path)} reaches the kernel library"


def test_nothing_includes_a_port_and_ports_include_public_headers():
    assert not [f"{relative(p)}: {name}" for p in CORE for name in includes(p) if "ports/" in name or "port.h" in name]
    private = [f"{relative(p)}: {name}" for p in PORTS for name in includes(p) if name.startswith("runtime/")]
    assert not private


# Size


def c_functions(path: Path) -> Iterator[tuple[str, int, int]]:
    """Name, lines from signature to closing brace, and number of parameters of each function defined in a file."""
    definition = re.compile(
        r"^(?P<head>[A-Za-z][\w \t*]*?\b(?P<name>\w+)\((?P<parameters>[^{};]*?)\))\s*\n\{\n.*?^\}",
        re.MULTILINE | re.DOTALL,
    )
    for match in definition.finditer(path.read_text()):
        parameters = match["parameters"].strip()
        count = 0 if parameters in {"", "void"} else 1 + parameters.count(",")
        yield match["name"], match[0].count("\n") + 1, count


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def p90(sizes: list[int]) -> int:
    return sorted(sizes)[len(sizes) * 9 // 10]


def test_the_measure_of_c_functions_sees_them():
    found = {name: (lines, count) for name, lines, count in c_functions(ROOT / "runtime/executor.c")}
    assert found["mrt_executor_init"][1] == 4
    assert found["mrt_executor_reset"] == (8, 1)
    text = (ROOT / "runtime/executor.c").read_text()
    assert len(found) == len(re.findall(r"^\}$", text, re.MULTILINE))


def test_c_functions_are_short():
    sizes = {f"{relative(path)}: {name}": lines for path in CORE + PORTS for name, lines, _ in c_functions(path)}
    assert not {where: lines for where, lines in sizes.items() if lines > C_FUNCTION_LINES}
    assert p90(list(sizes.values())) <= C_FUNCTION_LINES_P90


def test_c_functions_take_few_parameters():
    counts = {f"{relative(path)}: {name}": count for path in CORE + PORTS for name, _, count in c_functions(path)}
    assert not {where: count for where, count in counts.items() if count > C_PARAMETERS}


def test_files_are_short():
    sizes = {relative(path): len(path.read_text().splitlines()) for path in (*CORE, *PORTS, *PYTHON)}
    assert not {
        name: lines
        for name, lines in sizes.items()
        if lines > (PYTHON_FILE_LINES if name.endswith(".py") else C_FILE_LINES)
    }


def test_python_functions_are_short():
    assert p90([lines for path in PYTHON for _, lines in python_functions(path)]) <= PYTHON_FUNCTION_LINES_P90
