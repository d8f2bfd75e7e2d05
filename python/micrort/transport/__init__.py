"""How bytes reach a board or an emulator."""
