"""Project API server of the template: makes projects. Needs a Python in which micrort is installed."""

from pathlib import Path

from micrort.project import server

if __name__ == "__main__":
    server.main(Path(__file__).resolve().parent)
