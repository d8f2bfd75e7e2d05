"""One verb of the command line a file; each defines a click command named `command`."""
