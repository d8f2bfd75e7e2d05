"""Holds cppcheck's findings against the register of deviations, runtime/MISRA.md.

    python -m tests.analysis.misra FINDINGS.xml...

A finding passes where its line, or a comment alone on the line before, cites a deviation of its rule (`MISRA D1` in a
comment), or where the register says that its rule, an advisory one, is not applied. Everything else fails: a finding
without a citation, a citation without a finding, a deviation that nobody cites or that covers a mandatory rule, and a
file that cppcheck could not read, which would otherwise have no findings.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "runtime/MISRA.md"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MANDATORY = _words("9.1 12.5 13.6 17.3 17.4 17.6 19.1 21.13 21.17 21.18 21.19 21.20 22.2 22.4 22.5 22.6")
ADVISORY = _words(
    "1.2 2.3 2.4 2.5 2.6 2.7 4.2 5.9 8.7 8.9 8.11 8.13 10.5 11.4 11.5 12.1 12.3 12.4 13.3 13.4 15.1 15.4 15.5 17.5 "
    "17.8 18.4 18.5 19.2 20.1 20.5 20.10 21.12"
)
"""All other rules of MISRA C:2012 with amendments 1 and 2 are required."""

UNREADABLE = _words(
    "noValidConfiguration preprocessorErrorDirective syntaxError internalAstError internalError cppcheckError "
    "misra-config missingInclude unknownMacro premium-internalError"
)
"""Ids that mean: this file was not, or not wholly, analysed."""

NOT_FINDINGS = {
    "checkersReport": "a summary",
    "missingIncludeSystem": "cppcheck knows the standard headers from its own description of the library",
    "unusedFunction": "a library's functions are for others; static ones are the compiler's to report",
    "staticFunction": "rule 8.7, which is not applied",
    "constParameterCallback": "a callback has the parameters of its type",
    "shiftTooManyBitsSigned": "also said of right shifts by 31, which are defined; clang's -Wshift-overflow stays",
}
"""Ids of cppcheck's own that say nothing about the code, with the reason."""


SUFFIXES = frozenset({".c", ".h", ".inc", ".def"})
UNSEEN = ("ports/rtos/freertos", "ports/rtos/threadx", "ports/rtos/zephyr")
"""Folders of ports that need the headers of a kernel, which this repository does not hold."""


RULES = {"constParameterPointer": "8.13", "constVariablePointer": "8.13", "constVariable": "8.13"}
"""Rules that cppcheck checks itself, without the addon, by its own ids."""


@dataclass(frozen=True, order=True)
class Finding:
    """One violation; `rule` is a number of MISRA's, or cppcheck's own id."""

    file: str
    line: int
    column: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: rule {self.rule}{': ' if self.text else ''}{self.text}"


@dataclass(frozen=True)
class Register:
    """What runtime/MISRA.md allows."""

    deviations: dict[str, frozenset[str]]
    """Rules by the deviation's number."""
    not_applied: frozenset[str]


def read_register(text: str) -> Register:
    """The register, from the bold heads of its paragraphs."""
    heads = re.findall(
        r"^\*\*(?:(D\d+)\. )?Rules? ([^:]+):", text.partition("## Findings that are none")[0], re.MULTILINE
    )
    rules = {number: frozenset(re.findall(r"\d+\.\d+", rule)) for number, rule in heads if number}
    applied_nowhere = (re.findall(r"\d+\.\d+", rule) for number, rule in heads if not number)
    return Register(rules, frozenset(rule for found in applied_nowhere for rule in found))


def read_findings(path: Path) -> Iterator[Finding]:
    """The findings in a report of cppcheck's, each at its place."""
    for error in ElementTree.parse(path).getroot().iter("error"):
        rule = error.attrib["id"].removeprefix("misra-c2012-")
        rule = RULES.get(rule, rule)
        text = "" if error.attrib["id"].startswith("misra-c2012-") else error.attrib["msg"]
        # Of a rule about two places, such as two objects of one name, each place is told apart.
        places = list(error.iter("location")) if rule[0].isdigit() else list(error.iter("location"))[:1]
        for place in places:
            line, column = int(place.attrib["line"]), int(place.attrib.get("column", 0))
            yield Finding(place.attrib["file"], line, column, rule, text)
        if not places:
            yield Finding("", 0, 0, rule, text)


def citations(text: str) -> Iterator[tuple[int, str, bool]]:
    """Line, number, and whether the comment stands alone on its line, of each deviation that a file cites."""
    for number, line in enumerate(text.splitlines(), 1):
        for cited in re.findall(r"MISRA ([A-Z]\d+(?:, [A-Z]\d+)*)\b", line):
            begins = line.lstrip().startswith(("/*", "*")) or "/*" not in line
            alone = begins and not line.rpartition("*/")[2].strip()
            for deviation in cited.split(", "):
                yield number, deviation, alone


class Sources:
    """The lines of the files under analysis, and what they cite."""

    def __init__(self, root: Path, files: Iterable[Path]) -> None:
        self.lines = {path.relative_to(root).as_posix(): path.read_text().splitlines() for path in files}
        self.cited: dict[tuple[str, int], set[str]] = {}
        """Numbers by file and line that a citation covers."""
        self.citations: set[tuple[str, int, str, bool]] = set()
        for name, lines in self.lines.items():
            for line, number, alone in citations("\n".join(lines)):
                self.citations.add((name, line, number, alone))
                for covered in (line, line + 1) if alone else (line,):
                    self.cited.setdefault((name, covered), set()).add(number)

    def is_mistaken(self, finding: Finding) -> bool:
        """Whether cppcheck misread the code: see "Findings that are none" in the register."""
        lines = self.lines.get(finding.file, [])
        line = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
        at = line[max(finding.column - 1, 0) :]
        if finding.rule == "7.3":
            return re.match(r"[A-Za-z_]", at) is not None
        if finding.rule == "17.3":
            # Also a macro that makes a function around assembly, which is taken for a call.
            made = re.match(r"([A-Z][A-Z_0-9]*)\(", at)
            is_macro = made is not None and any(other.startswith(f"#define {made[1]}(") for other in lines)
            return is_macro or re.match(r"__asm\b", at) is not None
        if finding.rule == "9.3":
            return re.match(r"\w+ = \w+\(|\w+ = \*\w+;|\w+\[\w+\] = \{0u?\};", at) is not None
        if finding.rule in {"2.7", "8.13"}:
            name = re.match(r"\w+", at)
            return name is not None and any(re.search(rf'"\({name[0]}\b', other) for other in lines)
        return False

    def assembly(self) -> Iterator[Finding]:
        """Every assembly statement, which no checker of C reports."""
        for name, lines in self.lines.items():
            for number, line in enumerate(lines, 1):
                for place in re.finditer(r"\b__asm\b", line):
                    yield Finding(name, number, place.start() + 1, "1.2", "assembly")


def check_register(register: Register) -> Iterator[str]:
    """Deviations that MISRA does not allow."""
    for number, rules in register.deviations.items():
        for rule in sorted(rules & MANDATORY):
            yield f"{REGISTER.name}: {number} deviates from rule {rule}, which is mandatory"
    for rule in sorted(register.not_applied - ADVISORY):
        yield f"{REGISTER.name}: rule {rule} is not advisory, so it may not be left out as a whole"


def check(findings: Iterable[Finding], register: Register, sources: Sources) -> Iterator[str]:
    """Everything that is wrong, a line each."""
    yield from check_register(register)
    used: set[tuple[str, int, str]] = set()
    for finding in sorted({*findings, *sources.assembly()}):
        if finding.rule in NOT_FINDINGS or finding.rule in register.not_applied or sources.is_mistaken(finding):
            continue
        if finding.rule in UNREADABLE:
            yield f"{finding}: the file was not analysed"
            continue
        cited = sources.cited.get((finding.file, finding.line), set())
        covering = {number for number in cited if finding.rule in register.deviations.get(number, ())}
        if covering:
            used |= {(finding.file, finding.line, number) for number in covering}
        else:
            yield str(finding)
    for file, line, number, alone in sorted(sources.citations):
        if number not in register.deviations:
            yield f"{file}:{line}: {number} is not in {REGISTER.name}"
        elif (file, line, number) not in used and not (alone and (file, line + 1, number) in used):
            yield f"{file}:{line}: {number} is cited, but nothing deviates here"
    for number in sorted(set(register.deviations) - {number for _, _, number in used}):
        yield f"{REGISTER.name}: nothing cites {number}"


def main(reports: list[str]) -> int:
    """Check reports; prints what is wrong, or the figures. 1 where anything is."""
    found = [finding for report in reports for finding in read_findings(Path(report))]
    folders = ("include", "runtime", "ports", "build/misra/models")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    files = [path for path in files if not path.relative_to(ROOT).as_posix().startswith(UNSEEN)]
    register = read_register(REGISTER.read_text())
    sources = Sources(ROOT, files)
    wrong = list(check(found, register, sources))
    if wrong:
        print(*wrong, f"misra: {len(wrong)} problems", sep="\n")
        return 1
    counts = Counter(number for _, _, number, _ in sources.citations)
    cited = ", ".join(f"{number} {counts[number]}" for number in register.deviations)
    print(f"misra: {len(files)} files, no violation without a deviation; citations: {cited}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
