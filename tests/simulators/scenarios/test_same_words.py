"""Scenarios, tests and the command line say the same of a thing in the same words, and mean the same by them."""

import argparse
import inspect
import typing

import pytest

from simulators.cli.command_line import argument_parser
from simulators.network.faulty_link import Faults
from simulators.scenarios.staging.cast import AccountPart, CardPart, LinePart, PhonePart, TerminalPart
from simulators.scenarios.steps.step import AtTerminal
from simulators.scenarios.steps.verbs import VERBS
from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
from simulators.terminals.kinds.making import CAPABILITY_WORDS, MERCHANT_WORDS, TERMINAL_WORDS
from simulators.terminals.messages import MessageMaker
from simulators.testkit.kit import TestKit
from simulators.wallet.phone import Phone

BESIDE = {
    "tap": {"cash_back"},  # in Python `cash_minor` of another operation
    "send_again": {"marked"},  # in Python a message that was marked by `MessageMaker.repeated`
    "scan": {"amount_in_code"},  # in Python the code is asked for with an amount, or without
}
"""Words of steps that are a choice between two calls."""


def parameters(function):
    """The names that a function takes, without the units behind them."""
    return {name.removesuffix("_minor") for name in inspect.signature(function).parameters} - {"self"}


@pytest.mark.parametrize(
    ("part", "function", "more"),
    [(AccountPart, TestKit.account, set()), (CardPart, TestKit.card, set()), (PhonePart, TestKit.phone, {"token"})],
)
def test_the_cast_is_what_the_test_kit_takes(part, function, more):
    """Every key of a scenario is a parameter, and every parameter a key."""
    assert parameters(function) - more == set(part.model_fields)


def test_the_phone_itself_takes_them_too():
    """What is said of a token."""
    of_the_token = {"profile", "keys", "channels", "countries", "token_limit"}
    assert of_the_token <= set(PhonePart.model_fields)
    assert of_the_token <= parameters(Phone.request_token)
    flags = next(each for each in argument_parser()._actions if isinstance(each, argparse._SubParsersAction))
    for action in flags.choices["phone"]._actions:
        if action.choices:
            known = typing.get_args(PhonePart.model_fields[action.dest].annotation)
            known = known or tuple(PhonePart.model_fields[action.dest].annotation)
            assert set(action.choices) <= set(known), action.dest


def test_terminals():
    """A scenario's keys are the test kit's words; a line and its keys take a port of their own, see the QA guide."""
    words = {*MERCHANT_WORDS, *CAPABILITY_WORDS, *TERMINAL_WORDS, "kind", "dialect"}
    assert words | {"mac", "line"} == set(TerminalPart.model_fields)
    assert set(LinePart.model_fields) - {"direction"} == set(Faults.__dataclass_fields__)


@pytest.mark.parametrize("verb", [verb for verb, kind in VERBS.items() if issubclass(kind, AtTerminal)])
def test_steps_are_methods_of_terminals(verb):
    """What a step takes beside who and where, the terminal's method takes under the same name."""
    kind = VERBS[verb]
    made = next(each for each in TERMINAL_KINDS.values() if hasattr(each, kind.method))
    taken = parameters(getattr(made, kind.method))
    if "options" in taken:
        taken |= parameters(MessageMaker.request) | {"amount"}
    words = {name for name in kind.model_fields if name not in ("phone", "at", "of")}
    assert words - taken <= BESIDE.get(verb, set())


def test_what_is_set_on_a_phone():
    """Its state has the names that a scenario gives it."""
    phone = Phone("http://127.0.0.1:1")
    for word in VERBS["set_phone"].model_fields.keys() - {"phone"}:
        assert any(hasattr(phone, name) for name in (word, f"is_{word}", f"has_{word}")), word
    phone.close()


def test_they_mean_the_same(sandbox, clock):
    """A profile, keys for a few taps and a limit, said in Python, are what the token and the payment show."""
    with TestKit(sandbox.http_url, sandbox.iso_address, clock) as kit:
        phone = kit.phone(profile="tdes", keys="limited_use", token_limit=5_00)
        till = kit.terminal("fuel", id="PUMP0007", tank=4_00, merchant="FUEL & MORE", category="5542", timeout=9.0)
        assert till.capability.timeout_seconds == 9.0
        receipt = till.unlock(phone)
        told = kit.decision(receipt)
        assert (told["reason"], told["amount"], told["terminal"]) == ("approved", 4_00, "PUMP0007")
        assert receipt.merchant == "FUEL & MORE"
        assert kit.reason_of(kit.terminal(floor_limit=1).pay(phone, 6_00)) == "exceeds_limit"
        token = kit.issuer.call("GET", f"/v1/tokens/{phone.token_id}")
        assert (token["cryptogram_profile"], phone.taps_left) == ("tdes", 8)
