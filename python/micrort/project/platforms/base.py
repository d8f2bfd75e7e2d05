"""What a project type is: options, files, and the commands that build, run and flash the project."""

from __future__ import annotations

import inspect
from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

import jinja2

from micrort import __version__
from micrort.devices.boards import Board
from micrort.devices.targets import Target
from micrort.errors import UsageError

if TYPE_CHECKING:
    from micrort.mlf import Package

Value = str | int | bool
Files = dict[str, bytes]
"""Path in the project, with slashes -> content."""
TYPES: Mapping[str, type] = {"str": str, "int": int, "bool": bool}
TRUE, FALSE = ("1", "on", "true", "yes"), ("0", "off", "false", "no")


@dataclass(frozen=True)
class Option:
    """A typed option of a project type, as the Project API describes it."""

    name: str
    type: str
    """str, int or bool."""
    default: Value
    help: str
    choices: tuple[str, ...] | None = None
    least: int | None = None
    """Of an int."""
    methods: tuple[str, ...] = ("generate_project",)
    """Methods of the Project API that heed it."""
    required: bool = False
    """Whether those methods cannot do without."""

    def value(self, given: Any) -> Value:
        """A value of the option's type; text, which is what `tvmc` hands over, is converted.

        Raises:
            UsageError: it is not of the type, or none of the choices.
        """
        found = _converted(self.type, given)
        if found is None:
            raise UsageError(f"option {self.name} takes {self._domain()}, not {given!r}")
        if self.choices is not None and found not in self.choices:
            raise UsageError(f"option {self.name} takes {self._domain()}, not {given!r}")
        if self.least is not None and int(found) < self.least:
            raise UsageError(f"option {self.name} takes {self._domain()}, not {given!r}")
        return found

    def _domain(self) -> str:
        if self.choices is not None:
            return "one of " + ", ".join(self.choices)
        least = "" if self.least is None else f" of at least {self.least:,}"
        return {"int": f"a whole number{least}", "bool": "true or false", "str": "text"}[self.type]

    def described(self) -> dict[str, Any]:
        """The option as an object of the Project API."""
        return {
            "name": self.name,
            "choices": None if self.choices is None else list(self.choices),
            "default": self.default,
            "type": self.type,
            "required": list(self.methods) if self.required else None,
            "optional": None if self.required else list(self.methods),
            "help": self.help,
        }


def _converted(kind: str, given: Any) -> Value | None:
    if kind == "bool" and isinstance(given, str):
        text = given.lower()
        return True if text in TRUE else False if text in FALSE else None
    if kind == "int" and isinstance(given, str):
        try:
            return int(given, 0)
        except ValueError:
            return None
    # type, not isinstance: True is no number here
    wanted = TYPES[kind]
    found: Value = given
    return found if type(given) is wanted else None


@dataclass(frozen=True)
class Order:
    """A project that somebody wants."""

    package: Package
    target: Target
    board: Board | None
    options: Mapping[str, Value]
    """A value for each option of the type."""


class Platform(ABC):
    """A project type."""

    name: ClassVar[str]
    description: ClassVar[str]
    needs_board: ClassVar[bool] = True
    own_options: ClassVar[tuple[Option, ...]] = ()
    image: ClassVar[str | None] = None
    """The ELF that a build makes; none where the project is no firmware."""

    @property
    def options(self) -> tuple[Option, ...]:
        """Every option of the type."""
        return (*self.own_options, *COMMON)

    def check(self, order: Order) -> None:  # noqa: B027 (a type may have nothing to refuse)
        """Refuse what this type cannot do.

        Raises:
            UsageError: it says what is wrong, and what would do.
        """

    def files(self, order: Order) -> Files:
        """The project's files."""
        return self.rendered(self.values(order))

    def values(self, order: Order) -> dict[str, Any]:
        """What the templates may name."""
        return {
            "model": order.package.name,
            "executor": order.package.executor,
            "figures": order.package.figures,
            "target": order.target,
            "board": order.board,
            "options": order.options,
            "version": __version__,
        }

    def commands(self, order: Order) -> dict[str, list[str]]:
        """Command lines by verb (build, run, flash), to be called in the project's folder."""
        del order
        return {"build": ["make"]}

    def rendered(self, values: Mapping[str, Any]) -> Files:
        """The templates of the type's `files/`, with values."""
        folder = Path(inspect.getfile(type(self))).parent / "files"
        return render(folder, values)

    def settings(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """Every option with its value.

        Raises:
            UsageError: there is no such option, or a value is wrong.
        """
        known = {option.name: option for option in self.options}
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise UsageError(f"{self.name} projects have no option {unknown[0]!r}; they have {', '.join(known)}")
        return {name: option.value(given.get(name, option.default)) for name, option in known.items()}


COMMON = (Option("verbose", "bool", False, "Print whole commands while building.", methods=("build",)),)
"""Options of every type."""
STACK_SIZE = Option("stack_size", "int", 0x1000, "Bytes for the stack of main, and of interrupts.", least=256)
SEED = Option("seed", "int", 12345, "The example runs the model on inputs lcg:SEED, as `micrort run` does.", least=0)
WARNING_AS_ERROR = Option(
    "warning_as_error", "bool", False, "Refuse to build the application where the compiler warns."
)
SHARED = Path(__file__).parent / "shared"
"""Templates that those of several types include."""


def render(folder: Path, values: Mapping[str, Any]) -> Files:
    """Every file below `folder`: `.jinja` files filled in, others as they are."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, SHARED]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C and Makefiles, no HTML
    )
    files: Files = {}
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".jinja":
            template = environment.get_template(name)
            files[name.removesuffix(".jinja")] = template.render(values).encode()
        else:
            files[name] = path.read_bytes()
    return files


def below(folder: str, files: Mapping[str, bytes]) -> Files:
    """The same files in a folder."""
    return {str(PurePosixPath(folder) / name): content for name, content in files.items()}


def sources(root: Path, names: Sequence[str]) -> Files:
    """Files of the house, at their paths there."""
    return {name: (root / name).read_bytes() for name in names}


def with_headers(root: Path, units: Sequence[str]) -> Files:
    """C files of the house, and all headers that lie beside them, or beside `uart.h`."""
    folders = {(root / unit).parent for unit in units} | {root / "ports/drivers"}
    headers = {path.relative_to(root).as_posix() for folder in folders for path in folder.glob("*.h")}
    return sources(root, [*units, *sorted(headers)])
