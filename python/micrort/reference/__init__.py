"""Reference interpreters that compiled models are compared with."""
