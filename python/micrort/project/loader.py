"""What firmware that loads its model at run time keeps for it."""

LOADER_MEMORY = {"BLOB": 0x200000, "ARENA": 0x140000}
"""Bytes for the blob, and for the arenas of all pools together."""
