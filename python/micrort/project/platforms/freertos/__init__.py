"""Firmware on FreeRTOS: the kernel's tree is the user's, all else is in the project; built by Make."""

from __future__ import annotations

from micrort.project.platforms.base import Option
from micrort.project.platforms.rtos import Rtos


class Project(Rtos):
    """See the module."""

    name = "freertos"
    description = "firmware with FreeRTOS, built by Make with a tree of FreeRTOS-Kernel 11.1 or later"
    system_name = "FreeRTOS"
    upstream = "FreeRTOS-Kernel"
    tree = Option("freertos_kernel_path", "str", "", "Tree of FreeRTOS-Kernel; else FREERTOS_KERNEL_PATH names it.")
    ports = {  # noqa: RUF012 (a constant)
        "cortex-m3": "ARM_CM3",
        "cortex-m4": "ARM_CM4F",
        "cortex-m7": "ARM_CM7/r0p1",
        "cortex-m33": "ARM_CM33_NTZ/non_secure",
        "cortex-m33+nodsp+nofp": "ARM_CM33_NTZ/non_secure",
        "cortex-m55": "ARM_CM55_NTZ/non_secure",
    }
    units = ("ports/rtos/freertos/platform.c", "ports/rtos/freertos/hooks.c")
    settings_file = "FreeRTOSConfig.h"
