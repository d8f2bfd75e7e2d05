"""Targets: the cores that code is made for, and the compiler flags of each."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from micrort.errors import UsageError

CROSS = "arm-none-eabi-"
"""Prefix of the cross compiler's tools."""


@dataclass(frozen=True)
class Target:
    """A core with a choice of its optional features."""

    name: str
    description: str
    flags: tuple[str, ...]
    """Compiler and linker flags that choose core, instruction set and float ABI; none for the host."""
    family: str
    """The target that a user names to mean this one or a variant of it."""
    dsp: bool = False
    """Whether the core has the DSP extension."""
    mve: bool = False
    """Whether the core has MVE (Helium) with float."""
    fpu: bool = False
    """Whether the core computes float32 in hardware."""
    long_products: bool = True
    """Whether one instruction multiplies two words to 64 bits."""

    @property
    def is_host(self) -> bool:
        """Whether code runs on the workstation itself."""
        return not self.flags

    @property
    def float_abi(self) -> str:
        """How floats are passed; libraries of different ABIs do not link."""
        return "hard" if self.fpu else "soft"


def _arm(
    name: str,
    description: str,
    fpu: str = "",
    *,
    family: str = "",
    dsp: bool = False,
    mve: bool = False,
    long_products: bool = True,
) -> Target:
    abi = ("-mfloat-abi=hard", f"-mfpu={fpu}") if fpu else ("-mfloat-abi=soft",)
    flags = (f"-mcpu={name}", "-mthumb", *abi)
    return Target(name, description, flags, family or name, dsp, mve, bool(fpu), long_products)


TARGETS = {
    target.name: target
    for target in (
        Target("host", "this workstation", (), "host", fpu=True),
        _arm("cortex-m0plus", "Armv6-M", long_products=False),
        _arm("cortex-m3", "Armv7-M"),
        _arm("cortex-m4", "Armv7E-M with DSP and single-precision FPU", "fpv4-sp-d16", dsp=True),
        # Single precision: the parts with a double-precision FPU (and QEMU's an500) run it too.
        _arm("cortex-m7", "Armv7E-M with DSP and single-precision FPU", "fpv5-sp-d16", dsp=True),
        _arm("cortex-m33", "Armv8-M Mainline with DSP and single-precision FPU", "fpv5-sp-d16", dsp=True),
        _arm("cortex-m33+nodsp+nofp", "Armv8-M Mainline without DSP and FPU", family="cortex-m33"),
        _arm("cortex-m55", "Armv8.1-M Mainline with MVE and FPU", "auto", dsp=True, mve=True),
    )
}


def target(name: str) -> Target:
    """The target called `name`.

    Raises:
        UsageError: there is none of that name; near names are suggested.
    """
    if name in TARGETS:
        return TARGETS[name]
    near = difflib.get_close_matches(name, TARGETS, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UsageError(f"no target {name!r}{hint} Targets: {', '.join(TARGETS)}")
