"""ADR takes its own address rounded down to a word: sections with one must begin at words, however optimised."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from micrort.devices import targets
from micrort.project import build

OBJECT = re.compile(r"^(\S+\.o): +file format", re.MULTILINE)


def by_object(*command: str) -> dict[str, str]:
    """What objdump says of each object of an archive."""
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    parts = OBJECT.split(text)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("name", ["cortex-m4", "cortex-m55"])
def test_code_with_adr_lies_at_words(name: str, small: bool) -> None:
    objdump = shutil.which(f"{targets.CROSS}objdump")
    if objdump is None:
        pytest.skip(f"{targets.CROSS}objdump is not installed")
    library = str(build.library(targets.TARGETS[name], small))
    headers, code = by_object(objdump, "-h", library), by_object(objdump, "-d", library)
    found = 0
    for member, text in code.items():
        alignments = dict(re.findall(r"^ *\d+ (\.text\S*) .*2\*\*(\d+)$", headers[member], re.MULTILINE))
        for section, body in re.findall(r"^Disassembly of section (\S+):\n(.*?)(?=^Dis|\Z)", text, re.M | re.S):
            if re.search(r"\tadr|\t(add|sub)w?(\.w)?\t\w+, pc, #", body):
                found += 1
                assert int(alignments[section]) >= 2, (member, section)
    assert found
