"""Inputs and outputs of an ahead-of-time model: what metadata.json, the C, its header and the Relay text say together.

No one of them says everything in every version: metadata.json has sizes and types but no shapes, and its order is that
of an object; C metadata has all, with packed arguments alone; the header has names in order; Relay shapes of inputs,
and of outputs where they can be followed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from micrort.errors import ModelError
from micrort.tvm import relay
from micrort.tvm.archive import Archive, sanitised
from micrort.tvm.model import Argument, Type, checked_shape, type_of

INPUTS, OUTPUTS = "inputs", "outputs"
_SHAPE = r"static const int64_t kTvmgenMetadata_{role}_{index}_shape\[\d+\]\s*=\s*\{{([^}}]*)\}}"
_INFO = re.compile(r'"([^"]*)"[^,]*,\s*([\w ]+?)\s*,\s*(\d+)L?L?[^,]*,\s*\{(\d+),\s*(\d+),\s*(\d+)\}')


@dataclass(frozen=True)
class Port:
    """An input or output."""

    name: str
    """For people, as the model has it."""
    member: str
    """In generated C."""
    argument: Argument


@dataclass(frozen=True)
class _Known:
    """What one source says of a port."""

    name: str
    shape: tuple[int, ...] | None = None
    type: Type | None = None


def read(archive: Archive, role: str) -> tuple[Port, ...]:
    """The inputs or the outputs, in the order in which they are handed over.

    Raises:
        ModelError: type or size of one is not known.
    """
    stated = archive.main.get(role)
    entries = {str(name): item for name, item in stated.items()} if isinstance(stated, dict) else {}
    described, told = _c_metadata(archive, role), _relay(archive, role)
    names = [item.name for item in described] or _members(archive, role) or _ordered(archive, [*entries])
    if not names and role == INPUTS:
        names = [item.name for item in told if _is_argument(archive, sanitised(item.name))]
    if not names:
        raise ModelError(archive.source, [f"nothing in the archive tells the model's {role}"])
    own = archive.output_names if role == OUTPUTS and len(archive.output_names) == len(names) else []
    ports = []
    for index, name in enumerate(names):
        alone = len(names) == len(entries) == 1
        fallback = next(iter(entries)) if alone else own[index] if own else name
        raw = next((key for key in entries if sanitised(key) == sanitised(name)), fallback)
        known = [described[index]] if described else []
        known += [item for item in told if sanitised(item.name) == sanitised(name)]
        known += [told[index]] if role == OUTPUTS and len(told) == len(names) else []
        known += [_Known(name, type=_c_type(archive, sanitised(name)))]
        ports.append(Port(raw, sanitised(name), _argument(archive, raw, entries.get(raw), known)))
    return tuple(ports)


def _argument(archive: Archive, name: str, stated: Any, known: list[_Known]) -> Argument:
    stated = stated if isinstance(stated, dict) else {}
    dtype = stated.get("dtype")
    found = type_of(dtype) if isinstance(dtype, str) else next((item.type for item in known if item.type), None)
    size = stated.get("size")
    if type(size) is not int:
        size = _macro(archive, f"{sanitised(name)}_SIZE")
    if found is None or not found.is_exact:
        raise ModelError(archive.source, [f"the type of {name} is {dtype or 'not known'}, which cannot be handed over"])
    for item in known:
        shape = _whole(item.shape, None if size is None else size // found.bytes)
        if shape is not None and (size is None or math.prod(shape) * found.bytes == size):
            return Argument(checked_shape(shape, found, name, archive.source), found)
    if size is None or size < 1 or size % found.bytes:
        raise ModelError(archive.source, [f"nothing in the archive tells how large {name} is"])
    return Argument(checked_shape((size // found.bytes,), found, name, archive.source), found)


def _whole(shape: tuple[int, ...] | None, elements: int | None) -> tuple[int, ...] | None:
    """A shape whose extent -1 is what the number of elements leaves; None where that tells nothing."""
    if shape is None or -1 not in shape:
        return shape
    rest = -math.prod(shape)
    if elements is None or elements % rest:
        return None
    return tuple(elements // rest if extent == -1 else extent for extent in shape)


def _c_metadata(archive: Archive, role: str) -> list[_Known]:
    """The description that is part of the C, with packed arguments."""
    text = archive.text
    match = re.search(rf"struct TVMTensorInfo kTvmgenMetadata_{role}\[\d+\]\s*=\s*\{{(.*?)\n\}};", text, re.DOTALL)
    found = []
    for index, item in enumerate(_INFO.finditer(match[1] if match else "")):
        shape = re.search(_SHAPE.format(role=role, index=index), text)
        extents = tuple(int(value) for value in re.findall(r"-?\d+", shape[1])) if shape else ()
        type_ = Type(int(item[4]), int(item[5]), int(item[6]))
        found.append(_Known(item[1], extents if len(extents) == int(item[3]) else None, type_))
    return found


def _members(archive: Archive, role: str) -> list[str]:
    """The members of the header's struct."""
    for text in archive.headers.values():
        match = re.search(rf"struct {archive.prefix}_{role}\s*\{{([^}}]*)\}}", text)
        if match:
            return re.findall(r"void\s*\*\s*(\w+)\s*;", match[1])
    return []


def _ordered(archive: Archive, names: list[str]) -> list[str]:
    """Names in the order in which the C first names them."""

    def place(name: str) -> int:
        match = re.search(rf"\b{sanitised(name)}(?:_buffer_var|_code)?\b", archive.text)
        return match.start() if match else len(archive.text)

    return sorted(names, key=place)


def _is_argument(archive: Archive, member: str) -> bool:
    """Whether the C takes it; Relay's parameters are the model's constants, too."""
    return re.search(rf"\b{member}(?:_buffer_var|_code)\b", archive.text) is not None


def _relay(archive: Archive, role: str) -> list[_Known]:
    """Parameters of the model in the Relay text, constants among them, or what it returns."""
    found = relay.results(archive.relay) if role == OUTPUTS else relay.parameters(archive.relay)
    return [_Known(item.name, item.shape, type_of(item.dtype)) for item in found]


def _c_type(archive: Archive, member: str) -> Type | None:
    """The type by which the C declares a parameter."""
    match = re.search(rf"\b(int|uint|float)(\d*)(?:_t)?\s*\*\s*{member}(?:_buffer_var)?\b", archive.text)
    return None if match is None else type_of(f"{match[1]}{match[2] or 32}")


def _macro(archive: Archive, name: str) -> int | None:
    pattern = re.compile(rf"^#define {archive.prefix.upper()}_{name.upper()} (\d+)\s*$", re.MULTILINE)
    for text in archive.headers.values():
        match = pattern.search(text)
        if match:
            return int(match[1])
    return None


def pool_macros(archive: Archive, pool: str) -> Mapping[str, int | None]:
    """Bytes of a pool that the caller gives, as WORKSPACE or CONSTANT."""
    return {kind: _macro(archive, f"{pool}_{kind}_POOL_SIZE") for kind in ("WORKSPACE", "CONSTANT")}
