"""A debug probe for pyOCD whose chip is a machine in QEMU: debug port, memory access port, debug registers of the core.

pyOCD does with it whatever it does with hardware: finds the core by its ROM table, loads its flash algorithm into RAM
and runs it on the core, programs, reads back, resets. Memory, core registers, run and halt go to QEMU's gdbserver;
the machine's own flash controller obeys the algorithm. What is made up here: the debug port, ROM table and breakpoint
unit, which QEMU does not have.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pyocd.core import exceptions
from pyocd.probe.debug_probe import DebugProbe

IDCODE, AP_IDR, ROM_TABLE = 0x0BB11477, 0x04770021, 0xE00FF000
CSW, TAR, DRW, BASE, IDR = 0x00, 0x04, 0x0C, 0xF8, 0xFC
DHCSR, DCRSR, DCRDR, DEMCR, AIRCR = 0xE000EDF0, 0xE000EDF4, 0xE000EDF8, 0xE000EDFC, 0xE000ED0C
XPSR = 25
"""Its number in GDB's protocol; 16 in DCRSR."""


def _component(base: int, part: int, kind: int) -> dict[int, int]:
    """Identification registers of a CoreSight component of Arm (ADIv5, chapter D1)."""
    peripheral = (part & 0xFF, 0xB0 | part >> 8, 0x0B, 0)
    words = {base + 0xFD0: 4} | {base + 0xFE0 + 4 * index: byte for index, byte in enumerate(peripheral)}
    return words | {base + 0xFF0 + 4 * index: byte for index, byte in enumerate((0x0D, kind << 4, 0x05, 0xB1))}


MADE_UP = {
    ROM_TABLE: 0xFFF0F003,  # system control space
    ROM_TABLE + 4: 0xFFF02003,  # data watchpoints
    ROM_TABLE + 8: 0xFFF03003,  # breakpoints
    ROM_TABLE + 12: 0,
    ROM_TABLE + 0xFCC: 1,
    **_component(ROM_TABLE, 0x471, 1),
    **_component(0xE000E000, 0x008, 0xE),
    **_component(0xE0001000, 0x00A, 0xE),
    **_component(0xE0002000, 0x00B, 0xE),
    0xE0001000: 0,
    0xE0002000: 0,
}


class Gdb:
    """The few packets of GDB's remote protocol that a probe needs."""

    def __init__(self, port: Path, process: subprocess.Popen[str]) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        while self.line.connect_ex(str(port)) != 0:  # bound, but not listening yet
            assert process.poll() is None
        self.pending = b""
        self.halted = True
        self.breakpoint = -1
        self.written: list[int] = []
        self.ask("qXfer:features:read:target.xml:0,ffb")  # before, QEMU does not answer for single registers

    def send(self, packet: str) -> None:
        self.line.sendall(f"${packet}#{sum(packet.encode()) & 0xFF:02x}".encode())

    def answer(self) -> str:
        """The next packet, acknowledged."""
        while b"#" not in self.pending or len(self.pending) < self.pending.index(b"#") + 3:
            more = self.line.recv(4096)
            if not more:
                raise ConnectionError("QEMU has ended")
            self.pending += more
        body, _, rest = self.pending.partition(b"#")
        self.pending = rest[2:]
        self.line.sendall(b"+")
        return body.partition(b"$")[2].decode()

    def ask(self, packet: str) -> str:
        self.send(packet)
        return self.answer()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Memory is reached while the core runs, too: QEMU has it wait, hardware need not."""
        if self.is_halted():
            yield
            return
        self.line.sendall(b"\x03")
        self.answer()
        self.halted = self.register(15) == self.breakpoint
        yield
        if not self.halted:
            self.send("c")

    def read(self, address: int, size: int) -> bytes:
        data = b""
        with self.paused():
            while len(data) < size:
                reply = self.ask(f"m{address + len(data):x},{min(size - len(data), 1024):x}")
                if reply.startswith("E"):
                    raise exceptions.TransferFaultError(fault_address=address)
                data += bytes.fromhex(reply)
        return data

    def write(self, address: int, data: bytes) -> None:
        self.written.append(address)
        with self.paused():
            for offset in range(0, len(data), 1024):
                part = data[offset : offset + 1024]
                if self.ask(f"M{address + offset:x},{len(part):x}:{part.hex()}") != "OK":
                    raise exceptions.TransferFaultError(fault_address=address)

    def register(self, number: int) -> int:
        return struct.unpack("<I", bytes.fromhex(self.ask(f"p{number:x}"))[:4])[0]

    def call(self) -> bool:
        """Run the function that the core was set up for; False: its return address holds no BKPT, so it is none.

        QEMU's BKPT does not halt: there is a breakpoint where it stands.
        """
        back = self.register(14) & ~1
        if self.read(back, 2) != b"\x00\xbe":
            return False
        self.ask(f"Z1,{back:x},2")
        self.breakpoint = back
        self.send("c")
        self.halted = False
        return True

    def stop(self) -> None:
        if not self.halted:
            self.line.sendall(b"\x03")
            self.answer()
            self.halted = True

    def is_halted(self) -> bool:
        if not self.halted and (b"T" in self.pending or select.select([self.line], [], [], 0.001)[0]):
            self.answer()
            self.halted = True
        return self.halted

    def reset(self) -> None:
        """As QEMU's monitor does it; the machine stays halted."""
        self.stop()
        self.ask("qRcmd," + b"system_reset".hex())


class QemuProbe(DebugProbe):
    """See the module."""

    def __init__(self, machine: str, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        port = folder / "gdb"
        command = ["qemu-system-arm", "-M", machine, "-S", "-display", "none", "-monitor", "none", "-serial", "none"]
        command += ["-chardev", f"socket,path={port},server=on,wait=off,id=gdb", "-gdb", "chardev:gdb"]
        command += ["-semihosting-config", "enable=on,target=native"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while not port.exists():
            assert self.process.poll() is None, self.process.communicate()[0]
        self.gdb = Gdb(port, self.process)
        self.registers: dict[int, int] = {CSW: 0x43000002, TAR: 0}
        self.core: dict[int, int] = {DCRDR: 0, DEMCR: 0}
        self.unreadable = range(0)
        """Addresses that the debugger is kept from."""
        self.stuck = range(0)
        """Addresses that stay erased."""
        self.opened = False
        self.held = False
        """Whether the core, which runs for all that pyOCD knows, waits for the probe to let go."""

    def kill(self) -> None:
        """Let go of the machine and end it."""
        self.gdb.line.close()
        self.process.kill()
        self.process.communicate()

    vendor_name = product_name = unique_id = "qemu"
    supported_wire_protocols = (DebugProbe.Protocol.DEFAULT, DebugProbe.Protocol.SWD)
    wire_protocol = DebugProbe.Protocol.SWD
    capabilities = frozenset({DebugProbe.Capability.SWJ_SEQUENCE})

    @property
    def is_open(self) -> bool:
        return self.opened

    def open(self) -> None:
        self.opened = True

    def close(self) -> None:
        """The firmware runs without a debugger from here on."""
        self.opened = False
        self.gdb.stop()
        self.gdb.send("D")

    def connect(self, protocol: Any = None) -> None:
        pass

    def disconnect(self) -> None:
        pass

    def flush(self) -> None:
        pass

    def set_clock(self, frequency: float) -> None:
        pass

    def swj_sequence(self, length: int, bits: int) -> None:
        pass

    def reset(self) -> None:
        self.gdb.reset()

    def assert_reset(self, asserted: bool) -> None:
        if asserted:
            self.gdb.reset()

    def is_reset_asserted(self) -> bool:
        return False

    def read_dp(self, addr: int, now: bool = True) -> Any:
        value = {0x0: IDCODE, 0x4: 0xF0000000}.get(addr, 0)
        return value if now else lambda: value

    def write_dp(self, addr: int, data: int) -> None:
        pass

    def read_ap(self, addr: int, now: bool = True) -> Any:
        try:
            value = self._read_ap(addr)
        except exceptions.Error as error:
            return _raise(error) if now else partial(_raise, error)
        return value if now else lambda: value

    def _read_ap(self, addr: int) -> int:
        if addr >> 24:
            return 0  # there is one port
        register = addr & 0xFC
        if register == DRW:
            return self._access(None)
        value = {IDR: AP_IDR, BASE: ROM_TABLE | 3}.get(register, self.registers.get(register, 0))
        return value | 0x40 if register == CSW else value  # the port is enabled

    def write_ap(self, addr: int, data: int) -> None:
        if addr & 0xFC == DRW:
            self._access(data)
        else:
            self.registers[addr & 0xFC] = data

    def read_ap_multiple(self, addr: int, count: int = 1, now: bool = True) -> Any:
        begin = self.registers[TAR]
        if self._is_plain(begin) and self.registers[CSW] & 7 == 2:
            values = list(struct.unpack(f"<{count}I", self._fetch(begin, 4 * count)))
            self.registers[TAR] = begin + 4 * count
        else:
            values = [self._read_ap(addr) for _ in range(count)]
        return values if now else lambda: values

    def write_ap_multiple(self, addr: int, values: list[int]) -> None:
        begin = self.registers[TAR]
        if self._is_plain(begin) and self.registers[CSW] & 7 == 2:
            self.gdb.write(begin, struct.pack(f"<{len(values)}I", *values))
            self.registers[TAR] = begin + 4 * len(values)
        else:
            for value in values:
                self.write_ap(addr, value)

    def _is_plain(self, address: int) -> bool:
        """Whether QEMU has what lies there."""
        return address < 0xE0000000

    def _fetch(self, address: int, size: int) -> bytes:
        if address in self.unreadable:
            raise exceptions.TransferFaultError(fault_address=address)
        return b"\xff" * size if address in self.stuck else self.gdb.read(address, size)

    def _access(self, value: int | None) -> int:
        """One transfer by the data register, of the size and to the address that the others hold."""
        address, size = self.registers[TAR], 1 << (self.registers[CSW] & 7)
        if self.registers[CSW] & 0x30:
            self.registers[TAR] = address + size
        shift = 8 * (address & 3 & ~(size - 1))
        if not self._is_plain(address):
            return self._debug_register(address, value)
        if value is None:
            return int.from_bytes(self._fetch(address, size), "little") << shift
        self.gdb.write(address, (value >> shift & (1 << 8 * size) - 1).to_bytes(size, "little"))
        return 0

    def _debug_register(self, address: int, value: int | None) -> int:
        if value is None:
            if address == DHCSR:
                return 0x10001 | (0x20002 if self.gdb.is_halted() and not self.held else 0)
            if address in self.core:
                return self.core[address]
            if address in MADE_UP:
                return MADE_UP[address]
            return struct.unpack("<I", self.gdb.read(address, 4))[0]
        action: Callable[[int], None] | None = {DHCSR: self._control, DCRSR: self._select, AIRCR: self._reset}.get(
            address
        )
        if action is not None:
            action(value)
        elif address in self.core:
            self.core[address] = value
        elif address not in MADE_UP:
            self.gdb.write(address, value.to_bytes(4, "little"))
        return 0

    def _control(self, value: int) -> None:
        if value >> 16 != 0xA05F:
            return
        if value & 2:
            self.held = False
            self.gdb.stop()
        elif self.gdb.halted and not self.held:
            self.held = not self.gdb.call()

    def _select(self, value: int) -> None:
        number = {16: XPSR}.get(value & 0x7F, value & 0x7F)
        if number > 15 and number != XPSR:
            self.core[DCRDR] = 0  # stack pointers by mode, CONTROL, PRIMASK: as after reset
        elif value & 0x10000:
            self.gdb.ask(f"P{number:x}={struct.pack('<I', self.core[DCRDR]).hex()}")
        else:
            self.core[DCRDR] = self.gdb.register(number)

    def _reset(self, value: int) -> None:
        if value & 4:
            self.gdb.reset()
            self.held = not self.core[DEMCR] & 1


def _raise(error: Exception) -> Any:
    raise error
