"""What code is made for: targets (a core and its features) and boards (a target with memories and a console)."""
