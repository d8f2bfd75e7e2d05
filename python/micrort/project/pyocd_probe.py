"""Programs a board by pyOCD's Python API: the right chip is seen to, then flash is programmed, verified, and reset.

Every project holds this file as micrort_pyocd.py. It needs pyOCD; nothing of it is loaded before a board is programmed.
"""

from __future__ import annotations

import io
import logging
from contextlib import redirect_stdout
from pathlib import Path

try:
    from micrort_project import LOCKED, NO_PROBE, OTHER_CHIP, ProjectError, segments
except ImportError:  # no project's copy: micrort's own
    from micrort.project.actions import LOCKED, NO_PROBE, OTHER_CHIP, ProjectError, segments

TYPE_CHECKING = False  # the module typing takes its time to load
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NOT_INSTALLED = "this Python has no pyOCD: pip install pyocd; `micrort doctor` looks for the rest"
SILENT = (
    "the chip does not answer the probe: see that it has power and that the cable fits. If both are right, {locked}"
)
DAMAGED = "what was read back from {address:#010x} is not what was written: {locked}; or the flash is worn out"


def program(image: Path, how: dict[str, Any], progress: Callable[[str, float], None]) -> None:
    """Write an ELF to the board, verify every byte, and reset.

    Args:
        image: the ELF.
        how: `flash` of micrort.json: `selects` is the chip, `pack` a CMSIS pack or None, `identity` a word of the
            chip to compare ({address, mask, value}) or None.
        progress: called with what is done and the fraction of it.

    Raises:
        ProjectError: pyOCD or its probe is missing, or the chip is unknown, another one, locked or out of reach.
    """
    try:
        from pyocd.core import exceptions
    except ImportError:
        raise ProjectError(NOT_INSTALLED) from None
    logging.getLogger("pyocd").setLevel(logging.CRITICAL)  # what it logs comes back as the error's text
    try:
        with _session(how) as session:
            _see_to_chip(session.target, how)
            _write(session, image, progress)
            _verify(session.target, image, progress)
            session.target.reset()
            progress("reset", 1.0)
    except exceptions.TargetSupportError as error:
        chip = how["selects"]
        raise ProjectError(f"pyOCD knows no chip {chip}: `pyocd pack install {chip}` ({error})") from None
    except (exceptions.FlashFailure, exceptions.TransferFaultError) as error:
        raise ProjectError(f"{LOCKED}. pyOCD said: {error}") from None
    except exceptions.ProbeError as error:
        raise ProjectError(f"the debug probe fails: connect it anew. pyOCD said: {error}") from None
    except exceptions.Error as error:
        raise ProjectError(f"{SILENT.format(locked=LOCKED)}. pyOCD said: {error}") from None


def _session(how: dict[str, Any]) -> Any:
    """A session on the one probe that is connected."""
    from pyocd.core.helpers import ConnectHelper
    from pyocd.core.session import Session

    with redirect_stdout(io.StringIO()):
        probes = ConnectHelper.get_all_connected_probes(blocking=False)
    if not probes:
        raise ProjectError(NO_PROBE)
    if len(probes) > 1:
        raise ProjectError(
            f"{len(probes)} debug probes are connected; leave one: {', '.join(p.unique_id for p in probes)}"
        )
    options: dict[str, Any] = {"target_override": how["selects"], "auto_unlock": False}  # unlocking erases
    if how.get("pack") and Path(how["pack"]).exists():
        options["pack"] = [how["pack"]]
    return Session(probes[0], options=options)


def _see_to_chip(target: Any, how: dict[str, Any]) -> None:
    identity = how.get("identity")
    if identity is not None:
        word = target.read32(identity["address"])
        if word & identity["mask"] != identity["value"]:
            raise ProjectError(f"{OTHER_CHIP}: {identity['address']:#010x} reads {word:#010x}")


def _write(session: Any, image: Path, progress: Callable[[str, float], None]) -> None:
    from pyocd.flash.file_programmer import FileProgrammer

    for address, data in segments(image):
        region = session.target.memory_map.get_region_for_address(address)
        if region is None or not region.is_flash or address + len(data) - 1 > region.end:
            raise ProjectError(f"the chip that [flash] names has no flash for {len(data):,} bytes at {address:#010x}")
    session.target.reset_and_halt()
    FileProgrammer(session, progress=_by_step(progress)).program(str(image), "elf")


def _by_step(progress: Callable[[str, float], None]) -> Callable[[float], None]:
    """pyOCD counts to 1 twice: first it erases."""
    passes: list[float] = []

    def report(done: float) -> None:
        if not passes or done < passes[-1]:
            passes.append(done)
        passes[-1] = done
        progress("erasing" if len(passes) == 1 else "programming", done)

    return report


def _verify(target: Any, image: Path, progress: Callable[[str, float], None]) -> None:
    parts = segments(image)
    for index, (address, data) in enumerate(parts):
        read = bytes(target.read_memory_block8(address, len(data)))
        if read != data:
            wrong = next(offset for offset, byte in enumerate(data) if read[offset] != byte)
            raise ProjectError(DAMAGED.format(address=address + wrong, locked=LOCKED))
        progress("verifying", (index + 1) / len(parts))
