"""The command line's frame: help at once, errors as messages, exit codes."""

from __future__ import annotations

import resource
import subprocess
import sys

import click
import pytest

from micrort import __version__, cli
from micrort.errors import MicrortError, UsageError

MICRORT = [sys.executable, "-m", "micrort.cli"]


def test_help_lists_every_verb_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; from micrort import cli; code = cli.run(['--help']); "
        "heavy = {'numpy', 'cffi', 'rich', 'tflite', 'jinja2', 'SCons'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"  {verb} " in done.stdout for verb in cli.VERBS)


def test_help_takes_less_than_a_third_of_a_second_of_the_processor() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*MICRORT, "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuchverb"], "No such command 'nosuchverb'"),
        (["check"], "Missing argument 'MODEL'"),
        (["check", "model.tflite", "--nosuch"], "No such option"),
        (["--nosuch"], "No such option"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MicrortError("the thing is wrong"), 1, "error: the thing is wrong\n"),
        (UsageError("the option is wrong"), 2, "error: the option is wrong\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_errors_become_messages_and_exit_codes(
    error: BaseException,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(cli.Verbs, "get_command", lambda *_: failing)
    assert cli.run(["check"]) == code
    captured = capsys.readouterr()
    assert captured.err.endswith(message)
    assert captured.out == ""


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def defective() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli.Verbs, "get_command", lambda *_: defective)
    with pytest.raises(ZeroDivisionError):
        cli.run(["check"])


def test_every_verb_has_a_command_and_its_line_of_help() -> None:
    for verb in cli.VERBS:
        command = cli.micrort.get_command(click.Context(cli.micrort), verb)
        assert command is not None
        assert command.name == verb
