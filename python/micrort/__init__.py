"""micrort: an AI compiler and MISRA-C runtime for Arm Cortex-M."""

__version__ = "0.1.0"
