"""Every public symbol is documented, and the guide names commands that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs/guide.md").read_text()


def doxygen(settings: str, folder: Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("doxygen") is None:
        pytest.skip("doxygen is not installed: apt-get install doxygen")
    text = f"{(ROOT / 'docs/Doxyfile').read_text()}\nOUTPUT_DIRECTORY = {folder}\nHAVE_DOT = NO\n{settings}\n"
    return subprocess.run(["doxygen", "-"], input=text, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_public_symbol_is_documented(tmp_path: Path) -> None:
    done = doxygen("", tmp_path)
    assert done.returncode == 0, done.stderr
    pages = {path.name for path in tmp_path.glob("*.html")}
    assert {"index.html", "executor_8h.html", "plan_8h.html", "micrort_8hpp.html", "structmrt__graph__t.html"} <= pages


UNDOCUMENTED = {
    "a function": "int mrt_nothing(int a);",
    "a member": "/** A struct. */\ntypedef struct mrt_s {\n    int member;\n} mrt_s_t;",
    "a parameter": "/**\n * @brief Adds.\n * @param a One.\n * @return The sum.\n */\nint mrt_add(int a, int b);",
    "a macro": "#define MRT_SIZE 4",
}


@pytest.mark.parametrize("case", UNDOCUMENTED)
def test_undocumented_symbols_fail(case: str, tmp_path: Path) -> None:
    (tmp_path / "part.h").write_text(f"/**\n * @file part.h\n * @brief A header.\n */\n{UNDOCUMENTED[case]}\n")
    done = doxygen(f"INPUT = {tmp_path}\nUSE_MDFILE_AS_MAINPAGE =\nWARN_AS_ERROR = FAIL_ON_WARNINGS", tmp_path / "out")
    assert done.returncode != 0
    assert "not documented" in done.stderr


def test_the_guides_commands_exist() -> None:
    scripts = [ROOT / "SConstruct", *(path for path in ROOT.glob("*/**/SConscript") if "build" not in path.parts)]
    scons = "".join(path.read_text() for path in scripts)
    for target in set(re.findall(r"\./dev (\w+)", GUIDE)):
        assert f'"{target}"' in scons, target
    verbs = {path.stem for path in (ROOT / "python/micrort/commands").glob("*.py")}
    assert (
        set(re.findall(r"micrort (check|compile|run|compare|plan|ops|\w+) (?:MODEL|tests/|\w+\.tar)", GUIDE)) <= verbs
    )


def test_the_guides_files_exist() -> None:
    named = re.findall(r"\b((?:docs|runtime|tests|ports|examples)/[\w./-]+\w)", GUIDE)
    assert named
    assert [path for path in named if not (ROOT / path.rstrip(".")).exists() and "<" not in path] == []
