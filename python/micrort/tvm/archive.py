"""What a Model Library Format archive of TVM holds, versions 1 to 7, looked up where each version keeps it.

Only what cannot be known otherwise is taken from metadata.json: sizes come from the graph JSON or the C.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from micrort.errors import ModelError, UsageError
from micrort.mlf.archive import HEADERS, SOURCES, text_of

VERSIONS = range(1, 8)
GRAPHS = ("executor-config/graph/{name}.graph", "executor-config/graph/graph.json", "runtime-config/graph/graph.json")
RELAYS = ("src/{name}.relay", "src/relay.txt", "relay.txt")
OBJECTS = "codegen/host/lib"
"""Where archives keep object code."""
FOREIGN_HEADERS = {
    "arm_nnfunctions.h": "CMSIS-NN",
    "arm_nn_types.h": "CMSIS-NN",
    "arm_nn_math_types.h": "CMSIS-NN",
    "arm_math.h": "CMSIS-DSP",
    "ethosu_driver.h": "the driver of an Ethos-U",
    "tvm_ethosu_runtime.h": "the driver of an Ethos-U",
}


@dataclass(frozen=True)
class Archive:
    """One model of an archive."""

    source: str
    """What to call it in messages."""
    version: int
    module: str
    """TVM's name of the module."""
    executor: str
    """graph or aot."""
    graph_json: str
    """Empty for aot."""
    params: bytes
    """The params file; empty where there is none."""
    sources: Mapping[str, str]
    """Generated C by file name."""
    headers: Mapping[str, str]
    relay: str
    """The model as text; empty where there is none."""
    main: Mapping[str, Any] = field(default_factory=dict)
    """metadata.json's figures of the whole model, as they are."""
    workspaces: Mapping[str, int] = field(default_factory=dict)
    """Operator -> bytes, as metadata.json has it."""
    target: str = ""
    """The core that the C was generated for, or nothing."""

    @property
    def prefix(self) -> str:
        """What generated symbols start with, before an underscore."""
        return f"tvmgen_{sanitised(self.module)}"

    @property
    def output_names(self) -> list[str]:
        """The outputs' names in order, as the model's own format had them; empty where nothing tells."""
        listed = re.search(r"output_tensor_names=\[([^\]]*)\]", self.relay)
        if listed is not None:
            return re.findall(r'"([^"]*)"', listed[1])
        stated = self.main.get("outputs")  # an object, which has no order
        return [str(name) for name in stated] if isinstance(stated, dict) and len(stated) == 1 else []

    @property
    def text(self) -> str:
        """All C of the archive."""
        return "\n".join(self.sources.values())


def sanitised(name: str) -> str:
    """A name as TVM makes a C identifier of it."""
    return re.sub(r"[^A-Za-z0-9]", "_", name)


def parse(members: Mapping[str, bytes], metadata: Mapping[str, Any], source: str, module: str | None) -> Archive:
    """A model of an archive.

    Args:
        members: its files, by name.
        metadata: its metadata.json.
        source: what to call it in messages.
        module: which model, where the archive holds several.

    Raises:
        UsageError: there is no such model, or none was named of several.
        ModelError: the archive is damaged, or holds something that cannot be run.
    """
    version = metadata.get("version")
    if type(version) is not int or version not in VERSIONS:
        supported = f"{VERSIONS[0]} to {VERSIONS[-1]}"
        raise ModelError(source, [f"Model Library Format version {version!r}; supported are {supported}"])
    name, described, several = _module(members, metadata, source, module)
    if described.get("style", "full-model") != "full-model":
        raise ModelError(
            source, [f"the archive holds a single operator ({name}), no model: export the whole model instead"]
        )
    graph_json = _first(members, GRAPHS, name, source)
    functions = _record(_record(described.get("memory")).get("functions"))
    return Archive(
        source,
        version,
        name,
        _executor(described, graph_json, source),
        graph_json,
        next((members[member] for member in _spelled("parameters/{name}.params", name) if member in members), b""),
        _sources(members, source, name if several else None),
        _texts(members, HEADERS, source),
        _first(members, RELAYS, name, source),
        _main(functions),
        _workspaces(functions),
        _target(described.get("target")),
    )


def _module(
    members: Mapping[str, bytes], metadata: Mapping[str, Any], source: str, wanted: str | None
) -> tuple[str, Mapping[str, Any], bool]:
    """Name and description of a module, and whether there are others."""
    modules = metadata.get("modules")
    if modules is None:
        stems = [PurePosixPath(name).stem for name in members if name.startswith("parameters/")]
        name = metadata.get("model_name", stems[0] if len(stems) == 1 else "default")
        modules = {name: metadata}
    if not isinstance(modules, dict) or not modules or not all(isinstance(item, dict) for item in modules.values()):
        raise ModelError(source, ["metadata.json describes no modules"])
    names = ", ".join(map(str, modules))
    if wanted is None and len(modules) > 1:
        raise UsageError(f"{source} holds several models, {names}: name one with --module")
    name = next(iter(modules)) if wanted is None else wanted
    if name not in modules:
        raise UsageError(f"{source} holds no model {name!r}; it holds {names}")
    if not isinstance(name, str) or not name or "/" in name or "\0" in name:
        raise ModelError(source, [f"the module's name {name!r} cannot be one"])
    return name, modules[name], len(modules) > 1


def _executor(described: Mapping[str, Any], graph_json: str, source: str) -> str:
    """graph or aot: as stated, or as the members tell where nothing is."""
    stated = described.get("executors", described.get("runtimes"))
    known = [item for item in stated if item in ("graph", "aot")] if isinstance(stated, list) else []
    executor = known[0] if known else ("graph" if graph_json else "aot")
    if executor == "graph" and not graph_json:
        raise ModelError(source, ["metadata.json says that the graph executor runs it, but there is no graph JSON"])
    return str(executor)


def _sources(members: Mapping[str, bytes], source: str, module: str | None) -> dict[str, str]:
    """The generated C; of one module where there are several."""
    problems = []
    objects = [name for name in members if name.startswith(f"{OBJECTS}/")]
    if objects:
        problems.append(f"{objects[0]} is object code, which fits one core only: build the model with TVM's target `c`")
    found = _texts(members, SOURCES, source)
    problems += [f"{name} is no C: build the model with TVM's target `c`" for name in found if not name.endswith(".c")]
    if module is not None:
        stems = "|".join(map(re.escape, (module, sanitised(module))))
        pattern = re.compile(rf"({stems})_lib\d+\.c")
        found = {name: text for name, text in found.items() if pattern.fullmatch(name)}
    if not found and not problems:
        problems.append(f"the archive has no C of the model under {SOURCES}")
    for name, text in found.items():
        headers = re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', text, re.MULTILINE)
        needed = sorted({FOREIGN_HEADERS[header] for header in headers if header in FOREIGN_HEADERS})
        problems += [
            f"{name} calls {library}, which is not part of micrort: build the model without that target"
            for library in needed
        ]
    if problems:
        raise ModelError(source, problems)
    return found


def _main(functions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures of the whole model; those of the processor where several devices have some."""
    main = functions.get("main")
    items = [item for item in main if isinstance(item, dict)] if isinstance(main, list) else []
    return items[0] if items else {}


def _workspaces(functions: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    listed = functions.get("operator_functions")
    for item in listed if isinstance(listed, list) else []:
        spaces = _record(item).get("workspace")
        sizes = [_record(space).get("workspace_size_bytes") for space in spaces] if isinstance(spaces, list) else []
        known = [size for size in sizes if type(size) is int and 0 <= size < 2**31]
        if known:
            found[str(_record(item).get("function_name"))] = max(known)
    return found


def _target(stated: Any) -> str:
    """The core in TVM's target strings."""
    texts = stated.values() if isinstance(stated, dict) else stated if isinstance(stated, list) else ()
    match = re.search(r"-mcpu=([\w.+-]+)", " ".join(map(str, texts)))
    return match[1] if match else ""


def _first(members: Mapping[str, bytes], patterns: tuple[str, ...], name: str, source: str) -> str:
    for member in (member for pattern in patterns for member in _spelled(pattern, name)):
        if member in members:
            return text_of(members, member, source)
    return ""


def _spelled(pattern: str, name: str) -> tuple[str, str]:
    """A member's name with the module's as it is, and as TVM makes an identifier of it."""
    return pattern.format(name=name), pattern.format(name=sanitised(name))


def _texts(members: Mapping[str, bytes], folder: str, source: str) -> dict[str, str]:
    names = sorted(name for name in members if str(PurePosixPath(name).parent) == folder)
    return {PurePosixPath(name).name: text_of(members, name, source) for name in names}


def _record(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
