"""The first thing that a newcomer types: nothing, a version, or a module's name."""

import re
import subprocess
import sys
from importlib import metadata

import pytest

from simulators.cli.command_line import argument_parser, main


def test_without_a_command_three_next_steps_are_shown(capsys):
    """Short, on standard output, and no error; what it names is there."""
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) < 12
    steps = re.findall(r"^  (tapwright .+?)  ", shown, re.MULTILINE)
    assert len(steps) == 3
    for step in steps:
        argument_parser().parse_args(step.split()[1:])
    for command in re.findall(r"`tapwright ([a-z][a-z-]+)`", shown):
        argument_parser().parse_args([command])


@pytest.mark.parametrize("module", ["simulators", "simulators.cli"])
def test_the_version_by_either_module(module):
    """`python -m simulators` is for those whose shell does not find `tapwright`."""
    run = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"tapwright {metadata.version('tapwright')}\n"


def test_sources_that_are_not_installed_have_no_version(monkeypatch, capsys):
    """A copy of the tree on the module path: nobody knows what it is a copy of."""

    def not_found(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", not_found)
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "tapwright unknown\n"
