"""What is no amount, no currency or no kind of terminal is refused by its name, before a phone is asked."""

import pytest

from simulators.terminals.kinds.making import made_terminal
from simulators.terminals.terminal import Terminal
from tokenvault.vocabulary.errors import FieldError

NOBODY = ("127.0.0.1", 1)
ORIGINAL = {0: "0100", 3: "000000", 7: "1124120000", 11: "000001", 22: "071", 32: "99900000002", 49: "978"}


@pytest.mark.parametrize("amount", [-1, 10**12, 12.5, "1250", None])
def test_amounts(amount):
    """A payment, and what follows one: nothing is sent, which the network could not read."""
    terminal = Terminal(NOBODY)
    for attempt in (
        lambda: terminal.start(amount),
        lambda: terminal.start(100, cash_minor=amount),
        lambda: terminal.messages.plain("0100", amount, "EUR"),
        lambda: terminal.messages.completion(ORIGINAL, amount),
    ):
        with pytest.raises(FieldError, match=r"^amount: must be ") as refused:
            attempt()
        assert refused.value.field == "amount"


@pytest.mark.parametrize("currency", ["eur", "XXX", "", None])
def test_currencies(currency):
    """ISO 4217 in capital letters, of those that have a minor unit."""
    with pytest.raises(FieldError, match=r"^currency: is not an ISO 4217 code"):
        Terminal(NOBODY).start(100, currency)


def test_amounts_and_currencies_that_are_some():
    """The smallest and the largest, on both sides of the cryptogram and in the message."""
    for amount, digits in ((0, "0" * 12), (999_999_999_999, "9" * 12)):
        started = Terminal(NOBODY).start(amount, "JPY")
        assert (started.values["9F02"].hex(), started.values["5F2A"].hex()) == (digits, "0392")
        sent = Terminal(NOBODY).messages.plain("0100", amount, "JPY")
        assert (sent[4], sent[49]) == (digits, "392")


def test_kinds_of_terminals():
    """The error lists those that there are."""
    with pytest.raises(FieldError, match=r"^kind: must be one of pos, qr, online, "):
        made_terminal("nope", NOBODY, {})
