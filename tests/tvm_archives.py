"""Archives in the shape of TVM's, written here: small models whose results can be said in numpy.

The model: int8 `x` of shape [1, 4]; `widen` makes int16 [4] of it, 3 * x + p0 (int16 [4]), by way of memory that it
takes from the workspace; a view as [2, 2]; `fold` adds the rows and saturates to int8 [2].
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from micrort.codegen import params

OFFSETS = np.array([100, -100, 7, 0], np.int16)
INPUT = "serving x:0"
BODY_WIDEN = """
  int16_t* wide = (int16_t*)TVMBackendAllocWorkspace(1, dev_id, (uint64_t)8, 0, 16);
  if (wide == NULL) {
    return -1;
  }
  int8_t* twice = (int8_t*)TVMBackendAllocWorkspace(1, dev_id, (uint64_t)20, 0, 8);
  if (twice == NULL) {
    return -1;
  }
  for (int32_t i = 0; i < 4; ++i) {
    twice[i] = x[i];
    wide[i] = (int16_t)(x[i] + 2 * twice[i]);
  }
  for (int32_t i = 0; i < 4; ++i) {
    y[i] = (int16_t)(wide[i] + offsets[i]);
  }
  if (TVMBackendFreeWorkspace(1, dev_id, twice) != 0) {
    return -1;
  }
  if (TVMBackendFreeWorkspace(1, dev_id, wide) != 0) {
    return -1;
  }
  return 0;
"""
BODY_FOLD = """
  for (int32_t i = 0; i < 2; ++i) {
    int32_t sum = __smlad((int32_t)(uint16_t)y[i], 1, 0) + y[2 + i];
    z[i] = (int8_t)(sum > 127 ? 127 : sum < -128 ? -128 : sum);
  }
  return 0;
"""
HEAD = """// tvm target: c -keys=arm_cpu,cpu -mcpu=cortex-m7
#define TVM_EXPORTS
#include "tvm/runtime/c_runtime_api.h"
#include "tvm/runtime/c_backend_api.h"
#include <math.h>
#include <arm_acle.h>
#include <tvm/runtime/crt/error_codes.h>
"""
PACKED = "TVMValue* args, int* type_codes, int num_args, TVMValue* out_value, int* out_code, void* resource_handle"


def expected(x: np.ndarray) -> np.ndarray:
    """What the model makes of an input."""
    wide = 3 * x.reshape(4).astype(np.int32) + OFFSETS
    return np.clip(wide[:2] + wide[2:], -128, 127).astype(np.int8)


def packed(name: str, tensors: Sequence[tuple[str, str]], body: str) -> str:
    """C of an operator with packed arguments."""
    lines = "".join(
        f"  {ctype}* {own} = ({ctype}*)(((DLTensor*)(((TVMValue*)args)[{i}].v_handle))[0].data);\n"
        for i, (ctype, own) in enumerate(tensors)
    )
    return f"TVM_DLL int32_t {name}({PACKED}) {{\n  int32_t dev_id = 0;\n{lines}{body}}}\n\n"


def _plain(name: str, tensors: Sequence[tuple[str, str]], body: str) -> str:
    listed = ", ".join(f"{ctype}* {own}" for ctype, own in tensors)
    return f"TVM_DLL int32_t {name}({listed}) {{\n  int32_t dev_id = 0;\n{body}}}\n\n"


def _constant(name: str) -> str:
    values = ", ".join(map(str, OFFSETS))
    return f'static const int16_t __attribute__((section(".rodata.tvm"), aligned(16))) {name}[4] = {{{values}}};\n'


WIDEN, FOLD = (("int8_t", "x"), ("int16_t", "offsets"), ("int16_t", "y")), (("int16_t", "y"), ("int8_t", "z"))


@dataclass
class Made:
    """Members of an archive, to be changed by tests before it is written."""

    metadata: dict[str, Any]
    members: dict[str, bytes] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """The tar."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, data in {"metadata.json": json.dumps(self.metadata).encode(), **self.members}.items():
                info = tarfile.TarInfo(f"./{name}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return buffer.getvalue()

    def write(self, path: Path) -> Path:
        """Write the tar."""
        path.write_bytes(self.bytes())
        return path

    @property
    def graph(self) -> dict[str, Any]:
        """The graph JSON."""
        found: dict[str, Any] = json.loads(self.members[self._graph_member()])
        return found

    def set_graph(self, graph: Mapping[str, Any]) -> None:
        """Replace it."""
        self.members[self._graph_member()] = json.dumps(graph).encode()

    def _graph_member(self) -> str:
        return next(name for name in self.members if "/graph/" in name)


def graph_json(prefix: str, linked: bool = False, copied: bool = False) -> dict[str, Any]:
    """Graph JSON of the model; with `linked` p0 is linked in and has no node; with `copied` the output is a copy."""

    def node(name: str, function: str, inputs: list[int], outputs: int = 1) -> dict[str, Any]:
        attrs = {"num_outputs": str(outputs), "num_inputs": str(len(inputs)), "flatten_data": "0", "hash": "0badc0de"}
        attrs["func_name"] = function
        return {"op": "tvm_op", "name": name, "attrs": attrs, "inputs": [[i, 0, 0] for i in inputs]}

    nodes: list[dict[str, Any]] = [{"op": "null", "name": INPUT, "inputs": []}]
    kinds: list[tuple[str, list[int], int]] = [("int8", [1, 4], 0)]
    if not linked:
        nodes.append({"op": "null", "name": "p0", "inputs": []})
        kinds.append(("int16", [4], 1))
    nodes.append(node(f"{prefix}_widen", f"{prefix}_widen", list(range(len(nodes)))))
    kinds.append(("int16", [4], 2))
    nodes.append(node("reshape_nop", "__nop", [len(nodes) - 1]))
    kinds.append(("int16", [2, 2], 2))
    nodes.append(node(f"{prefix}_fold", f"{prefix}_fold", [len(nodes) - 1]))
    kinds.append(("int8", [2], 3))
    if copied:
        nodes.append(node("copied", "__copy", [len(nodes) - 1]))
        kinds.append(("int8", [2], 4))
    nulls = [index for index, item in enumerate(nodes) if item["op"] == "null"]
    return {
        "nodes": nodes,
        "arg_nodes": nulls,
        "heads": [[len(nodes) - 1, 0, 0]],
        "attrs": {
            "dltype": ["list_str", [kind[0] for kind in kinds]],
            "device_index": ["list_int", [1] * len(kinds)],
            "shape": ["list_shape", [kind[1] for kind in kinds]],
            "storage_id": ["list_int", [kind[2] for kind in kinds]],
        },
        "node_row_ptr": list(range(len(nodes) + 1)),
    }


def metadata(version: int, executor: str, module: str = "default", **more: Any) -> dict[str, Any]:
    """metadata.json, as each version has it."""
    main = {"device": 1, "workspace_size_bytes": 64, "constants_size_bytes": 0, "io_size_bytes": 9999}
    if version >= 7:
        main |= {
            "inputs": {INPUT: {"size": 4, "dtype": "int8"}},  # type: ignore[dict-item]
            "outputs": {"result": {"size": 2, "dtype": "int8"}},  # type: ignore[dict-item]
        }
    described = {
        "model_name": module,
        "export_datetime": "2022-06-01 12:00:00Z",
        "memory": {
            "sids": [{"storage_id": 0, "size_bytes": 77}],
            "functions": {"main": [main], "operator_functions": []},
        },
        "runtimes" if version < 5 else "executors": [executor],
        "target": {"1": "c -mcpu=cortex-m7"} if version < 6 else ["c -keys=arm_cpu,cpu -mcpu=cortex-m7"],
        "style": "full-model",
        **more,
    }
    return {"version": version, "modules": {module: described}} if version >= 7 else {"version": version, **described}


def _registry(names: Sequence[str]) -> str:
    listed = "".join(f"\\000{name}" for name in names)
    declared = "".join(f"TVM_DLL int32_t {name}({PACKED});\n" for name in names)
    functions = "".join(f"    (TVMBackendPackedCFunc){name},\n" for name in names)
    return f"""#include <tvm/runtime/crt/module.h>
{declared}static TVMBackendPackedCFunc _tvm_func_array[] = {{
{functions}}};
static const TVMFuncRegistry _tvm_func_registry = {{
    "\\{len(names):03o}{listed}\\000",    _tvm_func_array,
}};
static const TVMModule _tvm_system_lib = {{
    &_tvm_func_registry,
}};
const TVMModule* TVMSystemLibEntryPoint(void) {{
    return &_tvm_system_lib;
}}
;"""


def _lookup(prefix: str) -> str:
    values = ", ".join(map(str, OFFSETS))
    return f"""static const int16_t {prefix}___tvm_param__p0[4] = {{{values}}};
TVM_DLL int32_t _lookup_linked_param({PACKED}) {{
  switch (((int64_t*) args)[0]) {{
  default:
    out_code[0] = kTVMNullptr;
    return 0;
  case 1:
    ((uint64_t*)out_value)[0] = (uint64_t) (uintptr_t) {prefix}___tvm_param__p0;
    out_code[0] = kTVMOpaqueHandle;
    return 0;
  }}
}}
"""


def graph_archive(
    version: int = 7,
    module: str = "default",
    linked: bool = False,
    copied: bool = False,
    looked_up: bool = False,
    hidden: bool = False,
) -> Made:
    """An archive for the graph executor.

    Args:
        version: of the format.
        module: TVM's name of the model.
        linked: the constant is part of the operator.
        copied: the output is a copy.
        looked_up: the constant is given by a function, as TVM 0.8 does.
        hidden: operators are found by name alone, in the list of the system library.
    """
    file = "".join(c if c.isalnum() else "_" for c in module)
    prefix = f"tvmgen_{file}"
    widen = [WIDEN[0], WIDEN[2]] if linked else WIDEN
    constant = _constant("offsets") if linked else ""
    operators = HEAD + constant + packed(f"{prefix}_widen", widen, BODY_WIDEN)
    operators += packed(f"{prefix}_fold", FOLD, BODY_FOLD)
    registry = _registry([f"{prefix}_widen", f"{prefix}_fold"])
    if looked_up:
        operators += _lookup(prefix)
    if hidden:  # under other names than those of the list
        operators = operators.replace(f"{prefix}_", f"{prefix}_own_")
        registry = registry.replace(f"{prefix}_", f"{prefix}_own_").replace(f"000{prefix}_own_", f"000{prefix}_")
    graph = {
        7: f"executor-config/graph/{file}.graph",
        6: "executor-config/graph/graph.json",
        5: "executor-config/graph/graph.json",
    }.get(version, "runtime-config/graph/graph.json")
    source = f"codegen/host/src/{file}_lib" if version >= 3 else "codegen/host/src/lib"
    members = {
        f"{source}0.c": registry.encode(),
        f"{source}1.c": operators.encode(),
        graph: json.dumps(graph_json(prefix, linked, copied)).encode(),
        f"parameters/{file}.params": params.write({} if linked or looked_up else {"p0": OFFSETS}),
    }
    return Made(metadata(version, "graph", module), members)


def aot_archive(version: int = 7, module: str = "default", planned: bool = True) -> Made:
    """An archive compiled ahead of time with the C interface; with `planned` TVM planned its memory itself."""
    prefix = f"tvmgen_{module}"
    member = "serving_x_0"
    pools = ", uint8_t* pool" if planned else ""
    given = ", (uint8_t*)&global_workspace" if planned else ""
    pool = (
        '__attribute__((section(".bss.noinit.tvm"), aligned(16)))\nstatic uint8_t global_workspace[40];\n'
        if planned
        else ""
    )
    taken = (
        "  int16_t* wide_sid = (int16_t*)(&(pool[32]));\n"
        if planned
        else "  void* wide_sid = TVMBackendAllocWorkspace(1, 0, (uint64_t)8, 0, 8);\n"
        "  if (wide_sid == NULL) {\n    return -1;\n  }\n"
    )
    freed = "" if planned else "  if (TVMBackendFreeWorkspace(1, 0, wide_sid) != 0) {\n    return -1;\n  }\n"
    entry = f"""#include "tvm/runtime/c_runtime_api.h"
{pool}#include <{prefix}.h>
TVM_DLL int32_t {prefix}___tvm_main__(void* {member},void* output0{pools});
int32_t {prefix}_run(struct {prefix}_inputs* inputs,struct {prefix}_outputs* outputs) {{
return {prefix}___tvm_main__(inputs->{member},outputs->result{given});
}}
;"""
    main = f"""TVM_DLL int32_t {prefix}___tvm_main__(int8_t* {member}_buffer_var, int8_t* result_buffer_var{pools}) {{
{taken}  if ({prefix}_widen({member}_buffer_var, (int16_t*)offsets, wide_sid) != 0 ) return -1;
  if ({prefix}_fold(wide_sid, result_buffer_var) != 0 ) return -1;
{freed}  return 0;
}}
"""
    operators = HEAD + _constant("offsets") + _plain(f"{prefix}_widen", WIDEN, BODY_WIDEN)
    operators += _plain(f"{prefix}_fold", FOLD, BODY_FOLD) + main
    header = f"""#ifndef {prefix.upper()}_H_
#define {prefix.upper()}_H_
#include <stdint.h>
#define {prefix.upper()}_SERVING_X_0_SIZE 4
#define {prefix.upper()}_RESULT_SIZE 2
struct {prefix}_inputs {{
  void* {member};
}};
struct {prefix}_outputs {{
  void* result;
}};
int32_t {prefix}_run(
  struct {prefix}_inputs* inputs,
  struct {prefix}_outputs* outputs
);
#define {prefix.upper()}_WORKSPACE_SIZE 64
#endif // {prefix.upper()}_H_
"""
    relay = "def @main(%serving x:0: Tensor[(1, 4), int8] /* span=x */, %p: Tensor[(4), int16]) {\n  %0\n}\n"
    members = {
        f"codegen/host/src/{module}_lib0.c": entry.encode(),
        f"codegen/host/src/{module}_lib1.c": operators.encode(),
        f"codegen/host/include/{prefix}.h": header.encode(),
        f"parameters/{module}.params": params.write({}),
        f"src/{module}.relay" if version >= 7 else "src/relay.txt": relay.encode(),
    }
    return Made(metadata(version, "aot", module), members)


def given_pools_archive() -> Made:
    """An archive compiled ahead of time whose caller gives the memory: a pool, and constants in another."""
    made, prefix = aot_archive(), "tvmgen_default"
    entry = f"""#include "tvm/runtime/c_runtime_api.h"
#include <{prefix}.h>
TVM_DLL int32_t {prefix}___tvm_main__(void* x,void* y,uint8_t* constants,uint8_t* pool);
int32_t {prefix}_run(struct {prefix}_inputs* inputs,struct {prefix}_outputs* outputs,
struct {prefix}_workspace_pools* workspace_pools) {{
return {prefix}___tvm_main__(inputs->serving_x_0,outputs->result,workspace_pools->flash,workspace_pools->sram);
}}
;"""
    source = "codegen/host/src/default_lib1.c"
    text = made.members[source].decode().replace(_constant("offsets"), "")
    text = text.replace(", uint8_t* pool)", ", uint8_t* constants, uint8_t* pool)").replace(
        "offsets, wide", "constants, wide"
    )
    header = made.members[f"codegen/host/include/{prefix}.h"].decode()
    header = header.replace(
        f"int32_t {prefix}_run(",
        f"""struct {prefix}_workspace_pools {{
  void* flash;
  void* sram;
}};
#define TVMGEN_DEFAULT_SRAM_WORKSPACE_POOL_SIZE 40
#define TVMGEN_DEFAULT_FLASH_CONSTANT_POOL_SIZE 8
#define TVMGEN_DEFAULT_FLASH_CONSTANT_POOL_DATA {", ".join(hex(byte) for byte in OFFSETS.tobytes())}
int32_t {prefix}_run(""",
    ).replace("_outputs* outputs\n", f"_outputs* outputs,\n  struct {prefix}_workspace_pools* workspace_pools\n")
    made.members["codegen/host/src/default_lib0.c"] = entry.encode()
    made.members[source] = text.encode()
    made.members[f"codegen/host/include/{prefix}.h"] = header.encode()
    return made


def mapped_archive() -> Made:
    """An archive compiled ahead of time whose inputs and outputs lie in a pool that the caller gives."""
    made, prefix = given_pools_archive(), "tvmgen_default"
    name = f"codegen/host/include/{prefix}.h"
    header = made.members[name].decode().replace("POOL_SIZE 40", "POOL_SIZE 64")
    begin = header.index(f"int32_t {prefix}_run(")
    end = header.index(");", begin) + 2
    pools = f"struct {prefix}_workspace_pools* workspace_pools"
    maps = "".join(f"struct {prefix}_{role} {prefix}_map_{role}({pools});\n" for role in ("inputs", "outputs"))
    header = f"{header[:begin]}{maps}int32_t {prefix}_run({pools});{header[end:]}"
    made.members[name] = header.encode()
    made.members["codegen/host/src/default_lib0.c"] = f"""#include "tvm/runtime/c_runtime_api.h"
#include <{prefix}.h>
TVM_DLL int32_t {prefix}___tvm_main__(void* x,void* y,uint8_t* constants,uint8_t* pool);
struct {prefix}_inputs {prefix}_map_inputs({pools}) {{
struct {prefix}_inputs ret = {{ .serving_x_0 = ((uint8_t*)workspace_pools->sram) + 40 }};
return ret;
}}
struct {prefix}_outputs {prefix}_map_outputs({pools}) {{
struct {prefix}_outputs ret = {{ .result = ((uint8_t*)workspace_pools->sram) + 48 }};
return ret;
}}
int32_t {prefix}_run({pools}) {{
uint8_t* sram = workspace_pools->sram;
return {prefix}___tvm_main__(sram + 40,sram + 48,workspace_pools->flash,sram);
}}
;""".encode()
    return made


def plain_archive() -> Made:
    """An archive compiled ahead of time without header, whose entry takes plain pointers."""
    made, prefix = aot_archive(planned=False), "tvmgen_default"
    del made.members[f"codegen/host/include/{prefix}.h"]
    made.members["codegen/host/src/default_lib0.c"] = b'#include "tvm/runtime/c_runtime_api.h"\n;'
    return made


def packed_aot_archive(module: str = "default") -> Made:
    """An archive compiled ahead of time with packed arguments and a description in C."""
    prefix = f"tvmgen_{module}"
    operators = HEAD + _constant("offsets") + _plain(f"{prefix}_widen", WIDEN, BODY_WIDEN)
    operators += _plain(f"{prefix}_fold", FOLD, BODY_FOLD)
    tensors = (("int8_t", "serving_x_0"), ("int8_t", "result"))
    body = f"""  int16_t wide_sid[4];
  if ({prefix}_widen(serving_x_0, (int16_t*)offsets, wide_sid) != 0 ) return -1;
  if ({prefix}_fold(wide_sid, result) != 0 ) return -1;
  return 0;
"""
    operators += packed(f"{prefix}___tvm_main__", tensors, body)
    forwarded = "args, type_codes, num_args, out_value, out_code, resource_handle"
    names = [f"{prefix}_run", f"{prefix}___tvm_main__"]
    entry = _registry(names)[:-1] + (
        f"int32_t {prefix}_run({PACKED}) {{\nreturn {prefix}___tvm_main__({forwarded});\n}}\n;"
    )
    described = """#include <inttypes.h>
#include <tvm/runtime/metadata_types.h>
#include <tvm/runtime/c_runtime_api.h>
static const int64_t kTvmgenMetadata_inputs_0_shape[2] = {
1L,\x20
4L};
static const struct TVMTensorInfo kTvmgenMetadata_inputs[1] = {
{
"serving_x_0" /* name*/,\x20
kTvmgenMetadata_inputs_0_shape,\x20
2L /* num_shape*/,\x20
{0, 8, 1} /* dtype*/}
};
static const int64_t kTvmgenMetadata_outputs_0_shape[1] = {
2L};
static const struct TVMTensorInfo kTvmgenMetadata_outputs[1] = {
{
"output0" /* name*/,\x20
kTvmgenMetadata_outputs_0_shape,\x20
1L /* num_shape*/,\x20
{0, 8, 1} /* dtype*/}
};
"""
    members = {
        f"codegen/host/src/{module}_lib0.c": entry.encode(),
        f"codegen/host/src/{module}_lib1.c": described.encode(),
        f"codegen/host/src/{module}_lib2.c": operators.encode(),
        f"parameters/{module}.params": params.write({}),
    }
    return Made(metadata(7, "aot", module), members)
