"""An STM32F746 as far as start-up and console see it: memories, clock and flash registers, USART; core by unicorn.

Registers keep what is written; ready bits follow their switches, as on the part, but at once. Rules of the reference
manual that software must keep are checked at the moment that matters: power and wait states before the fast clock.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from tests.ports.armv7m import DEVICES, RETURNS, SVCALL, Exceptions

PERIPHERALS, PRIVATE = 0x40000000, 0xE0000000
MEMORIES = {0x08000000: 0x100000, 0x20000000: 0x50000, 0x00000000: 0x4000}
RCC_CR, PLLCFGR, CFGR, APB1ENR, APB2ENR = 0x40023800, 0x40023804, 0x40023808, 0x40023840, 0x40023844
PWR_CR1, PWR_CSR1, FLASH_ACR = 0x40007000, 0x40007004, 0x40023C00
CR1, ISR, ICR, RDR, TDR = 0x00, 0x1C, 0x20, 0x24, 0x28
SLICE = 18_750
"""Clocks for which a byte is on the serial line, and for which instructions run on end: at 216 MHz and 115,200 baud."""
CCR, CCSIDR, DCISW, CYCCNT, DWT_CTRL = 0xE000ED14, 0xE000ED80, 0xE000EF60, 0xE0001004, 0xE0001000

SUPERVISOR = 2
"""The emulator's number for SVC."""
RESET = {RCC_CR: 0x83, PLLCFGR: 0x24003010, PWR_CR1: 0xC000}
"""Registers that are not 0 after reset."""


@dataclass
class Part:
    """The part, with an image in its flash."""

    image: Path
    usart: int
    """Address of the USART that is listened to."""
    dead_crystal: bool = False
    registers: dict[int, int] = field(default_factory=dict)
    printed: str = ""
    lines: set[int] = field(default_factory=set)
    """Lines of the data cache that were invalidated, as set and way."""
    exit_code: int | None = None
    interrupt: int = 0
    """Number of the USART's interrupt."""
    coming: bytearray = field(default_factory=bytearray)
    """Bytes that are on the serial line to the part."""
    exceptions: Exceptions = field(init=False)
    _serviced: int | None = None
    _arrived: list[int] = field(default_factory=list)
    _overrun: bool = False

    def __post_init__(self) -> None:
        """Reset."""
        from unicorn import UC_ARCH_ARM, UC_HOOK_CODE, UC_HOOK_INTR, UC_MODE_THUMB, Uc
        from unicorn.arm_const import UC_ARM_REG_PC, UC_ARM_REG_SP, UC_CPU_ARM_CORTEX_M7

        self.core = core = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        core.ctl_set_cpu_model(UC_CPU_ARM_CORTEX_M7)
        for origin, size in MEMORIES.items():
            core.mem_map(origin, size)
        for base, size in ((PERIPHERALS, 0x80000), (PRIVATE, 0x10000)):
            core.mmio_map(base, size, self._read, base, self._write, base)
        self.exceptions = Exceptions(core, 0x08000000)
        with self.image.open("rb") as file:
            elf = ELFFile(file)
            for segment in elf.iter_segments("PT_LOAD"):
                if segment["p_filesz"]:
                    core.mem_write(segment["p_paddr"], segment.data())
            text = elf.get_section_by_name(".text")
            self.exceptions.watch(text["sh_addr"], text.data())
            symbols = elf.get_section_by_name(".symtab")
            leave = symbols.get_symbol_by_name("mrt_port_exit")[0]["st_value"] & ~1
        core.mem_protect(0x08000000, 0x100000, 5)  # flash is not written
        stack, reset = struct.unpack("<II", core.mem_read(0x08000000, 8))
        core.reg_write(UC_ARM_REG_SP, stack)
        core.reg_write(UC_ARM_REG_PC, reset | 1)
        core.hook_add(UC_HOOK_CODE, self._leave, begin=leave, end=leave)
        core.hook_add(UC_HOOK_INTR, self._exception)

    def run(self) -> None:
        """From reset until mrt_port_exit is called. Accesses to what is no memory raise."""
        while self.exit_code is None:
            self.advance()

    def advance(self) -> None:
        """Execute up to the next exception, or for a slice of time."""
        from unicorn.arm_const import UC_ARM_REG_PC

        number = self.exceptions.next()
        if number is not None:
            self.exceptions.enter(number)
        self._serviced = None
        self.core.emu_start(self.core.reg_read(UC_ARM_REG_PC) | 1, 0xFFFFFFFF, count=SLICE)
        place = self.core.reg_read(UC_ARM_REG_PC)
        if self._serviced == SUPERVISOR:
            self.exceptions.enter(SVCALL)
        elif self._serviced is not None:
            assert place >= RETURNS, f"exception {self._serviced} of the emulator at {place:#x}"
            self.exceptions.leave(place)
        elif self.exceptions.next() is None:
            self.exceptions.pass_time(SLICE)
            self._receive()

    def overrun(self) -> None:
        """Lose a byte: one came while another was waiting."""
        self._overrun = True
        self._interrupt()

    def _exception(self, core: Any, number: int, data: Any) -> None:
        del data
        self._serviced = number
        core.emu_stop()

    def _receive(self) -> None:
        """A byte arrives."""
        if self.coming and self.registers.get(self.usart, 0) & 5 == 5:
            self._overrun = self._overrun or bool(self._arrived)
            byte = self.coming.pop(0)
            self._arrived = self._arrived or [byte]
        self._interrupt()

    def _interrupt(self) -> None:
        wanted = self.registers.get(self.usart + CR1, 0) & 0x20 and (self._arrived or self._overrun)
        (self.exceptions.pending.add if wanted else self.exceptions.pending.discard)(DEVICES + self.interrupt)

    def _leave(self, core: Any, address: int, size: int, data: Any) -> None:
        from unicorn.arm_const import UC_ARM_REG_R0

        del address, size, data
        self.exit_code = core.reg_read(UC_ARM_REG_R0)
        core.emu_stop()

    def _read(self, core: Any, offset: int, size: int, base: int) -> int:
        del core
        address = base + offset
        known = self.exceptions.read(address, size)
        if known is not None:
            return known
        value = self.registers.get(address, RESET.get(address, 0))
        if address == RCC_CR:
            hse = value & 0x10000 and not self.dead_crystal
            return value | (0x20000 if hse else 0) | (value & 0x01000000) << 1
        if address == CFGR:
            return value | (value & 3) << 2
        if address == PWR_CSR1:
            return self.registers.get(PWR_CR1, 0) & 0x30000
        if address == self.usart + ISR:
            return 0x6000C0 | (0x20 if self._arrived else 0) | (8 if self._overrun else 0)  # TEACK, REACK; TC, TXE
        if address == self.usart + RDR:
            value = self._arrived.pop() if self._arrived else 0
            self._interrupt()
        if address == CCSIDR:
            return 31 << 13 | 3 << 3 | 1  # 4 KiB: 32 sets, 4 ways, 32 bytes
        if address == CYCCNT:
            self.registers[CYCCNT] = value + 1000
        return value

    def _write(self, core: Any, offset: int, size: int, value: int, base: int) -> None:
        del core
        address = base + offset
        if self.exceptions.write(address, size, value):
            return
        before = self.registers.get(address, RESET.get(address, 0))
        if address == RCC_CR and (before ^ value) & 0x40000:  # RM0385, 5.3.1
            assert not before & 0x10000, "the bypass is switched while the oscillator is on"
        if address == PLLCFGR:
            assert not (before ^ value) & 0xF0BC8000, "reserved bits change"
        self.registers[address] = value
        if address == CFGR and value & 3 == 2:  # RM0385, 3.3.2 and 4.1.4
            assert self.registers[FLASH_ACR] & 0xF == 7, "too few wait states for 216 MHz"
            assert self.registers[PWR_CR1] & 0x3C000 == 0x3C000, "no over-drive, or a low core voltage"
            assert self.registers[APB1ENR] & 0x10000000, "the power controller has no clock"
        if address == self.usart + ICR and value & 8:
            self._overrun = False
            self._interrupt()
        if address == self.usart + TDR:
            self.printed += chr(value)
        if address == DCISW:
            self.lines.add(value)

    def core_hz(self, source_hz: int) -> int:
        """Of the core, where the PLL's source has this frequency."""
        pll = self.registers[PLLCFGR]
        return source_hz // (pll & 0x3F) * (pll >> 6 & 0x1FF) // (2 * ((pll >> 16 & 3) + 1))


class SerialLine:
    """The part's serial line, for `service`; the part runs while we wait."""

    def __init__(self, part: Part) -> None:
        """Nothing of what it printed has been read."""
        self.part = part
        self.taken = 0

    def read(self, count: int, timeout: float | None) -> bytes:
        del timeout
        for _ in range(500_000):
            if len(self.part.printed) - self.taken >= count or self.part.exit_code is not None:
                break
            self.part.advance()
        self.taken += count
        return self.part.printed[self.taken - count : self.taken].encode("latin-1")

    def write(self, data: bytes, timeout: float | None) -> None:
        del timeout
        self.part.coming += data
