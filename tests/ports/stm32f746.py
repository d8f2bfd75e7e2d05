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

PERIPHERALS, PRIVATE = 0x40000000, 0xE0000000
MEMORIES = {0x08000000: 0x100000, 0x20000000: 0x50000, 0x00000000: 0x4000}
RCC_CR, PLLCFGR, CFGR, APB1ENR, APB2ENR = 0x40023800, 0x40023804, 0x40023808, 0x40023840, 0x40023844
PWR_CR1, PWR_CSR1, FLASH_ACR = 0x40007000, 0x40007004, 0x40023C00
ISR, TDR = 0x1C, 0x28
CCR, CCSIDR, DCISW, CYCCNT, DWT_CTRL = 0xE000ED14, 0xE000ED80, 0xE000EF60, 0xE0001004, 0xE0001000

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

    def run(self, seconds: int = 60) -> None:
        """From reset until mrt_port_exit is called. Accesses to what is no memory raise."""
        from unicorn import UC_ARCH_ARM, UC_HOOK_CODE, UC_MODE_THUMB, Uc
        from unicorn.arm_const import UC_ARM_REG_SP, UC_CPU_ARM_CORTEX_M7

        core = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        core.ctl_set_cpu_model(UC_CPU_ARM_CORTEX_M7)
        for origin, size in MEMORIES.items():
            core.mem_map(origin, size)
        for base, size in ((PERIPHERALS, 0x80000), (PRIVATE, 0x10000)):
            core.mmio_map(base, size, self._read, base, self._write, base)
        with self.image.open("rb") as file:
            elf = ELFFile(file)
            for segment in elf.iter_segments("PT_LOAD"):
                if segment["p_filesz"]:
                    core.mem_write(segment["p_paddr"], segment.data())
            symbols = elf.get_section_by_name(".symtab")
            leave = symbols.get_symbol_by_name("mrt_port_exit")[0]["st_value"] & ~1
        core.mem_protect(0x08000000, 0x100000, 5)  # flash is not written
        stack, reset = struct.unpack("<II", core.mem_read(0x08000000, 8))
        core.reg_write(UC_ARM_REG_SP, stack)
        core.hook_add(UC_HOOK_CODE, self._leave, begin=leave, end=leave)
        core.emu_start(reset | 1, 0xFFFFFFFF, timeout=seconds * 1_000_000)

    def _leave(self, core: Any, address: int, size: int, data: Any) -> None:
        from unicorn.arm_const import UC_ARM_REG_R0

        del address, size, data
        self.exit_code = core.reg_read(UC_ARM_REG_R0)
        core.emu_stop()

    def _read(self, core: Any, offset: int, size: int, base: int) -> int:
        del core, size
        address = base + offset
        value = self.registers.get(address, RESET.get(address, 0))
        if address == RCC_CR:
            hse = value & 0x10000 and not self.dead_crystal
            return value | (0x20000 if hse else 0) | (value & 0x01000000) << 1
        if address == CFGR:
            return value | (value & 3) << 2
        if address == PWR_CSR1:
            return self.registers.get(PWR_CR1, 0) & 0x30000
        if address == self.usart + ISR:
            return 0x6000C0  # TEACK, REACK; TC, TXE
        if address == CCSIDR:
            return 31 << 13 | 3 << 3 | 1  # 4 KiB: 32 sets, 4 ways, 32 bytes
        if address == CYCCNT:
            self.registers[CYCCNT] = value + 1000
        return value

    def _write(self, core: Any, offset: int, size: int, value: int, base: int) -> None:
        del core, size
        address = base + offset
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
        if address == self.usart + TDR:
            self.printed += chr(value)
        if address == DCISW:
            self.lines.add(value)

    def core_hz(self, source_hz: int) -> int:
        """Of the core, where the PLL's source has this frequency."""
        pll = self.registers[PLLCFGR]
        return source_hz // (pll & 0x3F) * (pll >> 6 & 0x1FF) // (2 * ((pll >> 16 & 3) + 1))
