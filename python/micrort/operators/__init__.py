"""Operators: one file each, or one for a family that differs in a name only."""
