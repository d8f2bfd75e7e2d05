"""`scons packages`: makes the CMSIS-Pack and the Arduino library.

python -m micrort.distribution MODEL.tflite FOLDER
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from micrort import compiler
from micrort.distribution import Files, arduino, cmsis_pack, contents

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file: equal contents give equal archives."""


def write(path: Path, files: Files, below: str = "") -> None:
    """A zip of the files, in a folder of this name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(f"{below}{name}", EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)


def make(model: Path, folder: Path) -> list[Path]:
    """Both packages in a folder, with a model as their example.

    Raises:
        ModelError, UnsupportedError: the model cannot be compiled.
    """
    made = contents(compiler.compile_model(model))
    pack, library = folder / cmsis_pack.file_name(made), folder / arduino.file_name(made)
    write(pack, cmsis_pack.files(made))
    write(library, arduino.files(made), f"{arduino.NAME}/")
    return [pack, library]


if __name__ == "__main__":
    for path in make(Path(sys.argv[1]), Path(sys.argv[2])):
        print(f"{path}: {path.stat().st_size:,} bytes")
