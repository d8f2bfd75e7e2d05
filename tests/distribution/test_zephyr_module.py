"""The folder ports/rtos/zephyr as Zephyr's build takes a module; by Zephyr's own script where its tree is given."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from micrort import sources

MODULE = sources.root() / "ports/rtos/zephyr"
BUILD_KEYS = {"cmake", "kconfig", "cmake-ext", "kconfig-ext", "depends", "settings", "sysbuild-cmake"}


def symbols() -> set[str]:
    return set(re.findall(r"^config (\w+)$", (MODULE / "Kconfig").read_text(), re.MULTILINE))


def test_the_description_names_what_is_there() -> None:
    described = yaml.safe_load((MODULE / "zephyr/module.yml").read_text())
    assert set(described) <= {"name", "build", "samples", "tests", "boards", "blobs"}
    assert set(described["build"]) <= BUILD_KEYS
    assert (MODULE / described["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert (MODULE / described["build"]["kconfig"]).is_file()
    for sample in described["samples"]:
        rows = yaml.safe_load((MODULE / sample / "sample.yaml").read_text())
        assert rows["sample"]["name"] and rows["tests"]
        assert (MODULE / sample / "CMakeLists.txt").is_file() and (MODULE / sample / "prj.conf").is_file()


def test_what_cmake_compiles_is_there() -> None:
    text = (MODULE / "CMakeLists.txt").read_text()
    listed = re.findall(r"zephyr_library_sources\(([^)]*)\)", text)
    assert listed
    for name in " ".join(listed).split():
        path = name.replace("${MICRORT_ROOT}", str(sources.root()))
        assert (MODULE / path).is_file(), name
    assert set(re.findall(r"CONFIG_(\w+)", text)) <= symbols()


def test_the_sample_sets_symbols_that_the_module_has() -> None:
    settings = "".join(path.read_text() for path in (MODULE / "sample").rglob("*.conf"))
    used = {name for name in re.findall(r"^CONFIG_(\w+)=", settings, re.MULTILINE) if name.startswith("MICRORT")}
    assert used and used <= symbols()


def test_zephyrs_own_script_takes_it(tmp_path: Path) -> None:
    if "ZEPHYR_BASE" not in os.environ:
        pytest.skip("ZEPHYR_BASE is not set: it names a tree of zephyr")
    script = Path(os.environ["ZEPHYR_BASE"]) / "scripts/zephyr_module.py"
    pythons = [path for folder in os.get_exec_path() if (path := shutil.which("python3", path=folder))]
    runs = [subprocess.run([path, str(script), "--help"], capture_output=True, check=False) for path in pythons]
    found = [path for path, done in zip(pythons, runs, strict=True) if done.returncode == 0]
    if not found:
        pytest.skip("no Python on the PATH has the packages of Zephyr's scripts")
    command = [found[0], str(script), "--modules", str(MODULE), "--kconfig-out", str(tmp_path / "Kconfig")]
    subprocess.run([*command, "--cmake-out", str(tmp_path / "modules.txt")], check=True)
    assert str(MODULE) in (tmp_path / "modules.txt").read_text()
    assert "MICRORT" in (tmp_path / "Kconfig").read_text().upper()
