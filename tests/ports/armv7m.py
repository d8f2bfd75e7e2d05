"""Exceptions of an Armv7-M core, which unicorn leaves to its user: entry, return, priorities, NVIC, PendSV, SysTick.

After the Armv7-M ARM, B1.5 and B3.2 to B3.4. An exception is taken where the core could tell: behind instructions that
unmask interrupts or synchronise, and between slices of instructions. Floats are stacked at once, not lazily.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

ICSR, AIRCR, SHPR1, CPUID = 0xE000ED04, 0xE000ED0C, 0xE000ED18, 0xE000ED00
SYST_CSR, SYST_RVR = 0xE000E010, 0xE000E014
ISER, ICER, ISPR, ICPR, IPR = 0xE000E100, 0xE000E180, 0xE000E200, 0xE000E280, 0xE000E400
SVCALL, PENDSV, SYSTICK = 11, 14, 15
DEVICES = 16
"""The number of the first device's interrupt."""
PRIORITY_BITS = 0xF0
UNMASKING = (
    b"\x62\xb6",
    b"\xbf\xf3\x6f\x8f",
    *(bytes((n, 0xF3, m, 0x88)) for n in range(0x80, 0x90) for m in (0x10, 0x11)),
)
"""cpsie i; isb; msr primask, rN and msr basepri, rN."""
RETURNS = 0xFFFFFFE0


@dataclass
class Exceptions:
    """The exceptions of a core whose vector table lies at `vectors`."""

    core: Any
    vectors: int
    priorities: bytearray = field(default_factory=lambda: bytearray(256))
    enabled: set[int] = field(default_factory=lambda: {PENDSV, SYSTICK})
    pending: set[int] = field(default_factory=set)
    active: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    """All that were ever taken, in order."""
    systick: dict[int, int] = field(default_factory=dict)
    ticks: int = 0

    def watch(self, address: int, code: bytes) -> None:
        """Look for pending exceptions behind every unmasking instruction of a piece of code."""
        from unicorn import UC_HOOK_CODE

        for offset in range(0, len(code) - 1, 2):
            for instruction in UNMASKING:
                if code.startswith(instruction, offset):
                    place = address + offset + len(instruction)
                    self.core.hook_add(UC_HOOK_CODE, self._look, begin=place, end=place)

    def _look(self, core: Any, address: int, size: int, data: Any) -> None:
        del address, size, data
        if self.next() is not None:
            core.emu_stop()

    def next(self) -> int | None:
        """The exception to be taken now."""
        from unicorn.arm_const import UC_ARM_REG_BASEPRI, UC_ARM_REG_PRIMASK

        level = min((self.priorities[number] for number in self.active), default=0x100)
        level = min(level, self.core.reg_read(UC_ARM_REG_BASEPRI) or 0x100)
        if self.core.reg_read(UC_ARM_REG_PRIMASK) & 1:
            level = 0
        ready = [(self.priorities[number], number) for number in self.pending & self.enabled]
        priority, number = min(ready, default=(0x100, 0))
        return number if priority < level else None

    def pass_time(self, clocks: int) -> None:
        """SysTick counts."""
        if self.systick.get(SYST_CSR, 0) & 1:
            self.ticks += clocks
            if self.ticks > self.systick.get(SYST_RVR, 0):
                self.ticks -= self.systick.get(SYST_RVR, 0) + 1
                if self.systick[SYST_CSR] & 2:
                    self.pending.add(SYSTICK)

    def enter(self, number: int) -> None:
        """Stack the frame and go to the handler."""
        from unicorn import arm_const as arm

        get, put = self.core.reg_read, self.core.reg_write
        control, status, sp = get(arm.UC_ARM_REG_CONTROL), get(arm.UC_ARM_REG_XPSR), get(arm.UC_ARM_REG_SP)
        floats = control & 4
        frame = [get(getattr(arm, f"UC_ARM_REG_{name}")) for name in ("R0", "R1", "R2", "R3", "R12", "LR", "PC")]
        frame.append(status & ~0x200 | (sp & 4) << 7)
        if floats:
            frame += [get(arm.UC_ARM_REG_S0 + index) for index in range(16)] + [get(arm.UC_ARM_REG_FPSCR), 0]
        sp = (sp & ~7) - 4 * len(frame)
        self.core.mem_write(sp, struct.pack(f"<{len(frame)}I", *frame))
        put(arm.UC_ARM_REG_SP, sp)
        mode = 1 if self.active else 0xD if control & 2 else 9
        put(arm.UC_ARM_REG_CONTROL, control & ~4)
        put(arm.UC_ARM_REG_XPSR, status & ~0x1FF | number)
        put(arm.UC_ARM_REG_LR, (RETURNS if floats else 0xFFFFFFF0) | mode)
        (handler,) = struct.unpack("<I", self.core.mem_read(self.vectors + 4 * number, 4))
        put(arm.UC_ARM_REG_PC, handler)
        self.pending.discard(number)
        self.active.append(number)
        self.taken.append(number)

    def leave(self, code: int) -> None:
        """Return by an EXC_RETURN value (its lowest bit is lost)."""
        from unicorn import arm_const as arm

        get, put = self.core.reg_read, self.core.reg_write
        assert get(arm.UC_ARM_REG_IPSR) == self.active.pop()
        thread = bool(code & 8)
        assert thread is not bool(self.active), "a return to another mode than that of before"
        sp = get(arm.UC_ARM_REG_PSP if code & 4 else arm.UC_ARM_REG_MSP)
        words = 8 if code & 0x10 else 26
        frame = struct.unpack(f"<{words}I", self.core.mem_read(sp, 4 * words))
        put(arm.UC_ARM_REG_XPSR, frame[7] & ~0x200)
        assert frame[7] & 0x1FF == (self.active[-1] if self.active else 0)
        if thread:
            control = get(arm.UC_ARM_REG_CONTROL) & 1
            put(arm.UC_ARM_REG_CONTROL, control | (code & 4) >> 1 | (0 if code & 0x10 else 4))
        if words == 26:
            for index in range(16):
                put(arm.UC_ARM_REG_S0 + index, frame[8 + index])
            put(arm.UC_ARM_REG_FPSCR, frame[24])
        put(arm.UC_ARM_REG_SP, sp + 4 * words + (4 if frame[7] & 0x200 else 0))
        for name, value in zip(("R0", "R1", "R2", "R3", "R12", "LR"), frame[:6], strict=True):
            put(getattr(arm, f"UC_ARM_REG_{name}"), value)
        put(arm.UC_ARM_REG_PC, frame[6] | 1)

    def read(self, address: int, size: int) -> int | None:
        """A register of the system control space; None: none of ours."""
        place = _priority(address)
        if place is not None:
            return int.from_bytes(self.priorities[place : place + size], "little")
        if address == ICSR:
            return self.active[-1] if self.active else 0
        return self.systick.get(address, 0) if SYST_CSR <= address < ISER else None

    def write(self, address: int, size: int, value: int) -> bool:
        """Whether the register was one of ours."""
        place = _priority(address)
        numbers = {DEVICES + 8 * (address & 0x1C) + bit for bit in range(32) if value >> bit & 1}
        if place is not None:
            kept = (value & int.from_bytes(bytes([PRIORITY_BITS]) * size, "little")).to_bytes(size, "little")
            self.priorities[place : place + size] = kept
        elif address == ICSR:
            self.pending |= ({PENDSV} if value >> 28 & 1 else set()) | ({SYSTICK} if value >> 26 & 1 else set())
        elif ISER <= address < ISER + 0x20:
            self.enabled |= numbers
        elif ICER <= address < ICER + 0x20:
            self.enabled -= numbers
        elif ISPR <= address < ISPR + 0x20:
            self.pending |= numbers
        elif ICPR <= address < ICPR + 0x20:
            self.pending -= numbers
        elif SYST_CSR <= address < ISER:
            self.systick[address] = value
        else:
            return False
        return True


def _priority(address: int) -> int | None:
    """The exception whose priority is the byte at an address."""
    if SHPR1 <= address < SHPR1 + 12:
        return address - SHPR1 + 4
    return address - IPR + DEVICES if IPR <= address < IPR + 240 else None
