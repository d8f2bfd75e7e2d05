"""The MISRA check sees what is wrong, and what it lets pass is registered. scons test runs `scons misra` itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.analysis import cppcheck, misra

ROOT = Path(__file__).resolve().parents[1]
CANARY = ROOT / "tests/analysis/canary.c"
REGISTER = misra.Register({"D1": frozenset({"11.5"}), "D2": frozenset({"10.1", "12.2"})}, frozenset({"15.5"}))


def test_every_known_violation_is_reported(tmp_path: Path) -> None:
    cppcheck.run(tmp_path / "canary.xml", tmp_path / "state", [str(CANARY)], jobs=1)
    found: dict[int, set[str]] = {}
    for finding in misra.read_findings(tmp_path / "canary.xml"):
        if finding.rule not in misra.NOT_FINDINGS:
            found.setdefault(finding.line, set()).add(finding.rule)
    expected = {}
    for number, line in enumerate(CANARY.read_text().splitlines(), 1):
        if match := re.search(r"/\* breaks (.*) \*/", line):
            expected[number] = set(match[1].split(", "))
    assert len(expected) == 20
    assert found == expected


@pytest.mark.parametrize("text", ['#error "not for this processor"\n', "int broken(\n", "int a = MISSING(;\n"])
def test_a_file_that_cannot_be_read_fails(text: str, tmp_path: Path) -> None:
    unit = tmp_path / "unit.c"
    unit.write_text(text)
    cppcheck.run(tmp_path / "unit.xml", tmp_path / "state", [str(unit)], jobs=1)
    assert {finding.rule for finding in misra.read_findings(tmp_path / "unit.xml")} & misra.UNREADABLE


def check(text: str, *found: tuple[int, str], register: misra.Register = REGISTER, root: Path) -> list[str]:
    """What is said of a file with these findings, as line and rule."""
    unit = root / "unit.c"
    unit.write_text(text)
    findings = [misra.Finding("unit.c", line, 1, rule, "") for line, rule in found]
    problems = misra.check(findings, register, misra.Sources(root, [unit]))
    return [problem for problem in problems if not problem.startswith("MISRA.md: nothing cites")]


PASSING = {
    "a citation on the line": ("int *a = b; /* MISRA D1 */\n", [(1, "11.5")]),
    "a citation on the line before": ("/* The same. MISRA D1 */\nint *a = b;\n", [(2, "11.5")]),
    "two citations": ("int *a = b >> 1; /* MISRA D1, D2 */\n", [(1, "11.5"), (1, "10.1")]),
    "a rule that is not applied": ("return a;\n", [(1, "15.5")]),
    "an identifier that looks like a number": ("call = a;\n", [(1, "7.3")]),
}


@pytest.mark.parametrize("case", PASSING)
def test_what_passes(case: str, tmp_path: Path) -> None:
    text, found = PASSING[case]
    assert check(text, *found, root=tmp_path) == []


FAILING = {
    "no citation": ("int *a = b;\n", [(1, "11.5")], "unit.c:1: rule 11.5"),
    "another rule's citation": ("int *a = b; /* MISRA D2 */\n", [(1, "11.5")], "unit.c:1: rule 11.5"),
    "a citation behind the code of the line before": (
        "int *a = b; /* MISRA D1 */\nint *c = b;\n",
        [(1, "11.5"), (2, "11.5")],
        "unit.c:2: rule 11.5",
    ),
    "an unknown deviation": ("int a; /* MISRA D9 */\n", [], "unit.c:1: D9 is not in MISRA.md"),
    "an unused citation": ("int a; /* MISRA D1 */\n", [], "unit.c:1: D1 is cited, but nothing deviates here"),
    "a number with the wrong suffix": ("1l;\n", [(1, "7.3")], "unit.c:1: rule 7.3"),
    "assembly": ('__asm("nop");\n', [], "unit.c:1: rule 1.2: assembly"),
    "cppcheck's own findings": ("int a;\n", [(1, "uninitvar")], "unit.c:1: rule uninitvar"),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_fails(case: str, tmp_path: Path) -> None:
    text, found, message = FAILING[case]
    assert message in check(text, *found, root=tmp_path)


def test_mandatory_rules_have_no_deviation(tmp_path: Path) -> None:
    register = misra.Register({"D1": frozenset({"9.1"})}, frozenset())
    assert "MISRA.md: D1 deviates from rule 9.1, which is mandatory" in check("", register=register, root=tmp_path)


def test_required_rules_are_not_left_out(tmp_path: Path) -> None:
    register = misra.Register({}, frozenset({"11.3"}))
    found = check("", register=register, root=tmp_path)
    assert found == ["MISRA.md: rule 11.3 is not advisory, so it may not be left out as a whole"]


def test_unused_deviations_fail(tmp_path: Path) -> None:
    (tmp_path / "unit.c").write_text("")
    sources = misra.Sources(tmp_path, [tmp_path / "unit.c"])
    assert list(misra.check([], REGISTER, sources)) == ["MISRA.md: nothing cites D1", "MISRA.md: nothing cites D2"]


def test_the_register_is_sound() -> None:
    register = misra.read_register(misra.REGISTER.read_text())
    assert list(misra.check_register(register)) == []
    assert list(register.deviations) == [f"D{number}" for number in range(1, len(register.deviations) + 1)]
    assert all(register.deviations.values())
    assert register.not_applied
    assert not (misra.MANDATORY & misra.ADVISORY)


def test_the_register_says_each_rules_category() -> None:
    heads = re.findall(r"^\*\*(?:D\d+\. )?Rules? ([^:]+):", misra.REGISTER.read_text(), re.MULTILINE)
    for head in heads:
        for rules, category in re.findall(r"([\d., and]+) \((\w+)\)", head):
            for rule in re.findall(r"\d+\.\d+", rules):
                assert category == ("advisory" if rule in misra.ADVISORY else "required"), rule


@pytest.mark.parametrize("path", ["runtime/kernels/requantise.h", "include/micrort/kernel.h"])
def test_citations_are_found_in_the_sources(path: str) -> None:
    assert list(misra.citations((ROOT / path).read_text()))
