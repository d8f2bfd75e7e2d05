"""Firmware on ThreadX: the kernel's tree is the user's, all else is in the project; built by Make."""

from __future__ import annotations

from micrort.project.platforms.base import Option
from micrort.project.platforms.rtos import Rtos


class Project(Rtos):
    """See the module."""

    name = "threadx"
    description = "firmware with ThreadX, built by Make with a tree of ThreadX 6.4"
    system_name = "ThreadX"
    upstream = "ThreadX"
    tree = Option("threadx_path", "str", "", "Tree of ThreadX; else THREADX_PATH names it.")
    ports = {  # noqa: RUF012 (a constant)
        "cortex-m3": "cortex_m3",
        "cortex-m4": "cortex_m4",
        "cortex-m7": "cortex_m7",
        "cortex-m33": "cortex_m33",
        "cortex-m33+nodsp+nofp": "cortex_m33",
        "cortex-m55": "cortex_m55",
    }
    units = ("ports/rtos/threadx/platform.c", "ports/rtos/threadx/low_level.c")
    settings_file = "tx_user.h"
