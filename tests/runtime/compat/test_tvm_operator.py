"""Arguments of TVM's packed functions: descriptors of the operands of a call, and functions by name."""

from __future__ import annotations

from typing import Any

import pytest
from cffi import FFI

from micrort.native import library

OK, RUN = 0, -12
DECLARATIONS = """
typedef struct { int32_t device_type; int32_t device_id; } DLDevice;
typedef struct { uint8_t code; uint8_t bits; uint16_t lanes; } DLDataType;
typedef struct {
    void *data; DLDevice device; int32_t ndim; DLDataType dtype; int64_t *shape; int64_t *strides; uint64_t byte_offset;
} DLTensor;
typedef union { int64_t v_int64; double v_float64; void *v_handle; const char *v_str; } TVMValue;
typedef int32_t (*TVMBackendPackedCFunc)(TVMValue *, int *, int, TVMValue *, int *, void *);
typedef struct { const char *names; const TVMBackendPackedCFunc *funcs; } TVMFuncRegistry;
typedef struct { const TVMFuncRegistry *registry; } TVMModule;
typedef struct { const int64_t *shape; int32_t ndim; DLDataType dtype; int32_t linked; } mrt_tvm_argument_t;
typedef struct {
    const mrt_tvm_argument_t *arguments; uint32_t count; uint32_t pools; TVMBackendPackedCFunc lookup;
} mrt_tvm_operator_t;
typedef struct { DLTensor *tensors; TVMValue *values; int *codes; } mrt_tvm_arguments_t;
int mrt_tvm_arguments(const void *call, const mrt_tvm_operator_t *described, const mrt_tvm_arguments_t *arguments);
TVMBackendPackedCFunc mrt_tvm_find(const TVMModule *module, const char *name);
"""
SIGNATURE = "int32_t(TVMValue *, int *, int, TVMValue *, int *, void *)"


@pytest.fixture(scope="module")
def bench() -> tuple[Any, Any, Any]:
    """Our declarations, the library, and the public ones."""
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    return ffi, ffi.dlopen(str(library.path())), library.load()[0]


def call_of(core: Any) -> tuple[Any, int, int, list[Any]]:
    """A call of one constant, one input and one output; addresses of arena and params."""
    arena, params = core.new("uint64_t[8]"), core.new("uint64_t[8]")
    tensors = core.new("mrt_tensor_t[]", [(16, 4, 1, 255, 0), (8, 4, 1, 0, 0), (24, 2, 2, 0, 0)])
    members = {
        "tensors": tensors,
        "args": core.new("uint16_t[]", [0, 1, 2]),
        "pools": core.new("void *[]", [arena]),
        "params": params,
        "input_count": 2,
        "output_count": 1,
    }
    places = (int(core.cast("uintptr_t", arena)), int(core.cast("uintptr_t", params)))
    return core.new("mrt_call_t *", members), *places, [*members.values(), arena]


def arguments_of(bench: tuple[Any, Any, Any], linked: int, lookup: Any) -> tuple[int, Any, Any, Any]:
    """What mrt_tvm_arguments says and makes of four arguments, of which the second may be linked in."""
    ffi, lib, core = bench
    call, arena, params, kept = call_of(core)
    shape = ffi.new("int64_t[]", [2, 2])
    rows = [(ffi.NULL, 0, (0, 8, 1), -1), (shape, 2, (0, 16, 1), linked), (shape, 1, (1, 8, 1), -1)]
    rows += [(shape, 2, (0, 8, 1), -1)]
    described = rows if linked >= 0 else [rows[0], *rows[2:]]
    table = ffi.new("mrt_tvm_argument_t[]", described)
    operator = ffi.new("mrt_tvm_operator_t *", (table, len(described), 0, lookup))
    made = [ffi.new(f"{kind}[]", 4) for kind in ("DLTensor", "TVMValue", "int")]
    for item in made:
        ffi.buffer(item)[:] = b"\xa5" * len(ffi.buffer(item))
    pointer = ffi.cast("void *", int(core.cast("uintptr_t", call)))
    status = lib.mrt_tvm_arguments(pointer, operator, ffi.new("mrt_tvm_arguments_t *", made))
    assert kept
    found = [int(ffi.cast("uintptr_t", tensor.data)) for tensor in made[0][0 : len(described)]]
    places = {params + 16: "constant", arena + 8: "input", arena + 24: "output"}
    return status, [places.get(address, address) for address in found], made, shape


def test_operands_become_descriptors(bench: tuple[Any, Any, Any]) -> None:
    ffi = bench[0]
    status, places, (tensors, values, codes), shape = arguments_of(bench, -1, ffi.NULL)
    assert (status, places) == (OK, ["constant", "input", "output"])
    assert [tensor.ndim for tensor in tensors[0:3]] == [0, 1, 2]
    assert (tensors[0].shape, tensors[2].shape) == (ffi.NULL, shape)
    for index in range(3):
        tensor = tensors[index]
        assert (tensor.strides, tensor.byte_offset) == (ffi.NULL, 0)
        assert (tensor.device.device_type, tensor.device.device_id) == (1, 0)
        assert (values[index].v_handle, codes[index]) == (ffi.addressof(tensors, index), 7)
    assert (tensors[1].dtype.code, tensors[1].dtype.bits, tensors[1].dtype.lanes) == (1, 8, 1)


def test_a_constant_that_is_linked_in(bench: tuple[Any, Any, Any]) -> None:
    ffi = bench[0]
    constant = ffi.new("int16_t[4]")
    asked = []

    @ffi.callback(SIGNATURE)
    def lookup(args: Any, codes: Any, count: int, out: Any, out_code: Any, resource: Any) -> int:
        asked.append((args[0].v_int64, codes[0], count, resource))
        out[0].v_handle, out_code[0] = constant, 3
        return 0

    status, places, *_ = arguments_of(bench, 5, lookup)
    assert status == OK
    assert places == ["constant", int(ffi.cast("uintptr_t", constant)), "input", "output"]
    assert asked == [(5, 0, 1, ffi.NULL)]


@pytest.mark.parametrize(("result", "code"), [(0, 4), (-1, 3)])
def test_a_constant_that_does_not_exist(bench: tuple[Any, Any, Any], result: int, code: int) -> None:
    ffi = bench[0]

    @ffi.callback(SIGNATURE)
    def lookup(*arguments: Any) -> int:
        _, _, _, out, out_code, _ = arguments
        out[0].v_handle, out_code[0] = ffi.cast("void *", 16), code
        return result

    assert arguments_of(bench, 5, lookup)[0] == RUN


def test_functions_by_name(bench: tuple[Any, Any, Any]) -> None:
    ffi, lib, _ = bench
    names = ffi.new("char[]", b"\x03\x00first\x00second\x00sec\x00\x00")
    functions = ffi.new("TVMBackendPackedCFunc[]", [ffi.cast("TVMBackendPackedCFunc", 16 * (i + 1)) for i in range(3)])
    registry = ffi.new("TVMFuncRegistry *", (names, functions))
    module = ffi.new("TVMModule *", (registry,))

    def find(name: bytes) -> int:
        return int(ffi.cast("uintptr_t", lib.mrt_tvm_find(module, name)))

    assert [find(name) for name in (b"first", b"second", b"sec")] == [16, 32, 48]
    assert [find(name) for name in (b"", b"firs", b"firsts", b"third")] == [0, 0, 0, 0]
    assert lib.mrt_tvm_find(ffi.NULL, b"first") == ffi.NULL
    empty = ffi.new("TVMFuncRegistry *", (ffi.new("char[]", b"\x00\x00\x00"), functions))
    assert lib.mrt_tvm_find(ffi.new("TVMModule *", (empty,)), b"first") == ffi.NULL
