"""The one import that a user needs."""

import subprocess
import sys

import pytest

import simulators
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone


def test_a_payment_with_nothing_but_one_import():
    """A network, a phone and a terminal; a refusal with its reason; and the ports are free again afterwards."""
    from simulators import Phone, Sandbox, Terminal

    with Sandbox(limited_use_key_taps=3) as sandbox:
        phone = Phone(sandbox.http_url)
        phone.provision(sandbox.card())
        terminal = Terminal(sandbox.iso_address)
        assert terminal.pay(phone, 1250).approved
        assert sandbox.reason_of(terminal.pay(phone, 9_999_999)) == "insufficient_funds"
        terminal.close()
        phone.close()
        url = sandbox.http_url
    again = Phone(url)
    with pytest.raises(Exception, match="refused"):
        again.register()
    again.close()


def test_names_are_those_of_the_modules():
    """Not copies, whose instances would be told apart; and nothing is offered that is not there."""
    assert (simulators.Phone, simulators.Terminal) == (Phone, Terminal)
    assert {"Phone", "Sandbox", "Terminal", "TestKit"} <= set(dir(simulators))
    assert all(getattr(simulators, name) is not None for name in simulators.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        simulators.nonsense  # noqa: B018


def test_the_package_itself_is_quick_to_import():
    """Neither engine nor web server is loaded before something of theirs is asked for."""
    program = "import sys, simulators; print([name for name in ('numba', 'fastapi', 'httpx') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
