"""micrort compare: every tensor, also those that lost channels; what differs is found there, too."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.shared import shared

from micrort import cli, mlf, packages
from micrort.commands.compare import restored
from micrort.ir import RemovedChannels


def test_pruned_tensors_are_compared_channel_by_channel(capsys: pytest.CaptureFixture[str]) -> None:
    model = shared("models", "vww_96_int8.tflite")
    assert cli.run(["compare", str(model), "--inputs", "lcg:1-2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["tensors_compared"] == 2 * 30
    assert report["differing_bytes"] == 0
    assert report["constant_channels"] >= 1900 and report["unread_channels"] <= 20
    assert cli.run(["compare", str(model)]) == 0
    assert f"{report['constant_channels']} compared as constants" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["constants", "kept"])
def test_a_wrong_record_is_a_difference(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    obtain = packages.obtain

    def wrong(*arguments: object) -> mlf.Package:
        package = obtain(*arguments)  # type: ignore[arg-type]
        name = next(name for name, item in package.removed.items() if item.constants)
        item = package.removed[name]
        if what == "constants":
            constants = {channel: value ^ 1 for channel, value in item.constants.items()}
            changed = RemovedChannels(item.channels, item.kept, constants)
        else:
            changed = RemovedChannels(item.channels, tuple(reversed(item.kept)), item.constants)
        package.__dict__["removed"] = {**package.removed, name: changed}
        return package

    monkeypatch.setattr(packages, "obtain", wrong)
    assert cli.run(["compare", str(shared("models", "vww_96_int8.tflite")), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert len(report["differences"]) == 1 and report["differing_bytes"] > 0


def test_models_without_dead_channels_say_nothing_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["compare", str(shared("models", "ad01_int8.tflite"))]) == 0
    out = capsys.readouterr().out
    assert "every one as the reference" in out and "removed" not in out


def test_restored_tensors_have_kept_channels_constants_and_what_is_expected() -> None:
    expected = np.arange(8, dtype=np.int8).reshape(2, 4)
    removed = RemovedChannels(4, (1, 3), {2: -9})
    full = restored(np.array([[10, 11], [12, 13]], np.int8), removed, expected)
    np.testing.assert_array_equal(full, [[0, 10, -9, 11], [4, 12, -9, 13]])
    assert full.dtype == np.int8


def test_removals_add_up() -> None:
    first = RemovedChannels(6, (0, 2, 3, 5), {1: 7})
    both = first.then(RemovedChannels(4, (0, 3), {1: 9}))
    assert both == RemovedChannels(6, (0, 5), {1: 7, 2: 9})
    assert both.count == 4
