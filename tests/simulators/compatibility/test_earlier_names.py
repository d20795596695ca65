"""Programs written for version 0.1 go on working, and are told where things are now."""

import importlib
import sys

import pytest

from simulators.compatibility.earlier_names import EARLIER_NAMES, EarlierNameWarning
from simulators.parties import sandbox_constants


@pytest.mark.parametrize(("earlier", "now"), EARLIER_NAMES.items())
def test_earlier_module_is_the_same_module(earlier, now, monkeypatch):
    """Not a second copy: an exception that is raised by one must be caught by the other."""
    monkeypatch.delitem(sys.modules, earlier, raising=False)
    with pytest.warns(DeprecationWarning, match=f"{earlier} is {now} now"):
        found = importlib.import_module(earlier)
    assert found is importlib.import_module(now)


@pytest.mark.parametrize("name", ["Sandbox", "running_sandbox"])
def test_earlier_names_of_the_sandbox(name):
    """`simulators.sandbox` is a package now."""
    from simulators.sandbox import wiring

    with pytest.warns(DeprecationWarning, match=f"wiring.{name} now"):
        assert getattr(importlib.import_module("simulators.sandbox"), name) is getattr(wiring, name)


def test_earlier_name_of_the_command_line():
    """`simulators.cli:main` is what older installations start."""
    from simulators.cli.command_line import main

    with pytest.warns(DeprecationWarning, match=r"command_line\.main now"):
        assert importlib.import_module("simulators.cli").main is main


def test_earlier_name_of_the_test_kit():
    """`Bench` is the same class, not a subclass, so that `isinstance` goes on working."""
    from simulators.testkit import kit

    with pytest.warns(DeprecationWarning, match=r"kit\.Bench is simulators\.testkit\.kit\.TestKit now"):
        assert kit.Bench is kit.TestKit


@pytest.mark.parametrize("name", ["simulators.phones", "simulators.card.apdus"])
def test_what_never_was_is_still_not_found(name):
    """The finder of earlier names answers for nothing else."""
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)


@pytest.mark.parametrize("package", ["simulators.sandbox", "simulators.cli", "simulators.testkit.kit"])
def test_packages_have_nothing_else(package):
    """A typing error is an error."""
    with pytest.raises(AttributeError, match="nonsense"):
        importlib.import_module(package).nonsense  # noqa: B018


def test_earlier_name_of_the_key_encryption_key():
    """It was a constant of the sandbox that programs of users name."""
    with pytest.warns(EarlierNameWarning, match="LINE_KEY is .*KEY_ENCRYPTION_KEY now"):
        assert sandbox_constants.LINE_KEY == sandbox_constants.KEY_ENCRYPTION_KEY
