"""How much workspace each call needs: the C kernels say so themselves."""

from __future__ import annotations

from dataclasses import replace

from micrort.ir import Program


def workspaces(program: Program) -> Program:
    """Set `workspace_bytes` of every call to what its kernel's C function gives."""
    from micrort.native import kernels

    calls = (replace(call, workspace_bytes=kernels.workspace_bytes(call.kernel, call.attrs)) for call in program.calls)
    return replace(program, calls=tuple(calls))
