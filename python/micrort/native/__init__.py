"""The C runtime on the workstation: the very sources of the device library, compiled for the host, through cffi."""
