"""Which functions of TVM's C read each piece of memory by one type only.

Some of its operators write memory as one type and read it as another, which C does not define: they are compiled with
-fno-strict-aliasing. That costs the others, whose sums gcc then keeps in memory instead of registers (a quarter of the
instructions of a keyword spotter). So functions that provably do nothing of the kind are marked, and the compiler may
assume of these, and only these, that pointers to different types point to different memory.

Memory that serves for one tensor after another of another type is no obstacle: each is written before it is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from micrort.tvm.workspace import FUNCTION, Function, Workspaces

MARK = "MRT_TVM_TYPED"
"""The macro of c_runtime_api.h in front of such functions."""
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CAST = re.compile(r"\(\s*(?:const\s+)?(\w+)\s*\*\s*\)\s*")
_NAME = re.compile(r"[A-Za-z_]\w*\b(?!\s*[\[(.])")
_OWN = re.compile(r"TVMBackendAllocWorkspace\s*\(|\(+\s*\(DLTensor\s*\*\s*\)")
"""Memory that nothing else names: a block of the workspace, a tensor's data."""
_POINTER = re.compile(r"\b(\w+)\s*\*\s*(?:const\s+)?(\w+)\b")
_ARRAY = re.compile(r"\b(\w+)\s+(?:__attribute__\(\([^;{}]*?\)\)\s*)?(\w+)\s*\[")
_CONSTANT = re.compile(r"^static const (\w+)[^;={}]*?\b(\w+)\[\d+\]", re.MULTILINE)
_RENAMED = re.compile(r"\*\s*(?:const\s+)?\w+\s*=\s*[A-Za-z_]\w*\s*;")
"""A second pointer to the same memory."""
_CALL = re.compile(r"\b(\w+)\s*\(")
_ABI = {"DLTensor", "TVMValue", "void"}


def marked(workspaces: Workspaces) -> dict[str, str]:
    """The C of an archive, by file name, with MARK in front of functions that use each piece of memory by one type."""
    outside = [match for text in workspaces.sources.values() for match in _CONSTANT.finditer(text)]
    constants = {match[2]: match[1] for match in outside}
    typed = {name for name in workspaces.functions if _is_typed(name, workspaces.functions, constants)}

    def mark(match: re.Match[str]) -> str:
        return f"{MARK} {match[0]}" if match[1] in typed else match[0]

    return {file: FUNCTION.sub(mark, text) for file, text in workspaces.sources.items()}


def _is_typed(
    name: str, functions: Mapping[str, Function], constants: Mapping[str, str], chain: tuple[str, ...] = ()
) -> bool:
    """Whether the function and all that it calls in the archive use memory so: they may become one by inlining."""
    function = functions[name]
    if name in chain or not _uses_one_type(function, constants):
        return False
    called = {match[1] for match in _CALL.finditer(function.body)} & functions.keys()
    return all(_is_typed(other, functions, constants, (*chain, name)) for other in called)


def _uses_one_type(function: Function, constants: Mapping[str, str]) -> bool:
    body = _COMMENT.sub(" ", function.body)
    if re.search(r"\bunion\b", body) or _RENAMED.search(body):
        return False
    types: dict[str, set[str]] = {}
    for cast in _CAST.finditer(body):
        operand = _NAME.match(body, cast.end())
        if operand is not None:
            types.setdefault(operand[0], set()).add(cast[1])
        elif cast[1] not in _ABI and _OWN.match(body, cast.end()) is None:
            return False
    for form in (_POINTER, _ARRAY):
        for declared in form.finditer(f"{function.parameters};{body}"):
            if declared[1] != "void" and declared[2] in types:
                types[declared[2]].add(declared[1])
    for name in types.keys() & constants.keys():
        types[name].add(constants[name])
    return all(len(found) == 1 for found in types.values())
