"""What steps of calls cost, by the number of rows that each makes: instructions and workspace."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from micrort import variants
from micrort.ir import KernelCall, Program

if TYPE_CHECKING:
    from micrort.devices.targets import Target


@dataclass
class Costs:
    """Estimates for the calls of a program on a target."""

    program: Program
    """Portable calls."""
    target: Target | None
    optimize: str
    rules: variants.Rules = variants.ANY
    _sized: dict[tuple[int, int, float], variants.Variant] = field(default_factory=dict)
    _in_place: dict[int, str | None] = field(default_factory=dict)

    def sized(self, call: int, rows: int, slack: float = 0.0) -> variants.Variant:
        """The call `call`, made `rows` rows at a time, by the kernel that suits it; the estimate is of one step. The
        part `slack` of its instructions may be spent on a smaller workspace."""
        key = (call, rows, slack)
        if key not in self._sized:
            rules = self.rules
            if rows < self._height(call) and math.isfinite(rules.growth):
                whole = self.sized(call, self._height(call)).constant_bytes(self.program.tensors)
                rules = replace(rules, constants=int(rules.growth * whole))
            self._sized[key] = self._variant(self.program.calls[call], rows, slack, rules)
        return self._sized[key]

    def instructions(self, call: int, rows: int, slack: float = 0.0) -> int:
        """Of all steps together: more than of a single one by the same kernel, though estimates may have it less."""
        height = self._height(call)
        steps, rest = divmod(height, rows)
        made = self.sized(call, rows, slack)
        total = steps * made.instructions + (self.sized(call, rest, slack).instructions if rest else 0)
        whole = self.sized(call, height)
        if rows < height and made.call.kernel == whole.call.kernel:
            total = max(total, whole.instructions + steps)
        return total

    def workspace(self, call: int, rows: int, slack: float = 0.0) -> int:
        """Bytes of workspace."""
        return self.sized(call, rows, slack).call.workspace_bytes

    def in_place(self, call: int) -> str | None:
        """The storage whose rows the call may write over as it reads them, the same row in the same place."""
        if call not in self._in_place:
            made = self.program.calls[call]
            offers = (offer for offer in made.in_place if offer.delta == 0)
            names = (made.inputs[offer.input] for offer in offers if _alike(self.program, made, offer.input))
            first = next(names, None)
            self._in_place[call] = None if first is None else self.program.root(first)
        return self._in_place[call]

    def _height(self, call: int) -> int:
        return self.program.tensors[self.program.calls[call].outputs[0]].rows

    def _variant(self, call: KernelCall, rows: int, slack: float, rules: variants.Rules) -> variants.Variant:
        from micrort.native import kernels

        if self.target is None:
            made = variants.portable(call, self.program.tensors, rows)
        else:
            made = variants.for_rows(call, self.program.tensors, self.target, self.optimize, rules, rows, slack)
        workspace = kernels.workspace_bytes(made.call.kernel, made.call.attrs)
        return replace(made, call=replace(made.call, workspace_bytes=workspace))


def _alike(program: Program, call: KernelCall, index: int) -> bool:
    """Whether input `index` has rows of the output's size, and is no view of others."""
    name = call.inputs[index]
    source, output = (program.tensors[item] for item in (name, call.outputs[0]))
    return (source.rows, source.row_bytes) == (output.rows, output.row_bytes) and name not in program.aliases
