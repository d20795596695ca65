"""``tapwright emv``: EMV data as a tree of named objects, and cryptograms step by step."""

import argparse
import sys
from typing import Any

from simulators.cli.flags.arguments import Verbs, given_text
from simulators.cli.flags.server_address import UsageError, checked_api_key, checked_url, default_url, no_server

_BELIEVED = {
    "card_key_check_value": "--card-key-check-value",
    "session_key_check_value": "--session-key-check-value",
    "input": "--input",
    "arqc": "--arqc",
}
"""What the caller has computed: names of the API, and the flags that they are given by."""


def add(verbs: Verbs) -> None:
    """Its flags."""
    emv = verbs.add_parser(
        "emv",
        help="decode EMV data, or check a cryptogram",
        description="Print EMV data as a tree of named objects, or check the cryptogram of a tap: a running server "
        "computes it step by step, and names the first step in which yours differs and the usual mistake that "
        "explains it.",
    )
    emv.add_argument(
        "action",
        choices=["decode", "check"],
        help="decode: BER-TLV data in hexadecimal, such as DE 55; check: the cryptogram of DE 55",
    )
    emv.add_argument("hex", help="the data in hexadecimal; - reads it from standard input")
    emv.add_argument("--token", metavar="ID", help="check: the token that paid, tok_...")
    emv.add_argument("--card-key-check-value", metavar="HEX", help="check: your check value of the card key")
    emv.add_argument("--session-key-check-value", metavar="HEX", help="check: your check value of the session key")
    emv.add_argument("--input", metavar="HEX", help="check: what you made the cryptogram over")
    emv.add_argument("--arqc", metavar="HEX", help="check: your cryptogram")
    emv.add_argument("--json", action="store_true", help="check: print the server's answer as JSON")
    emv.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    emv.add_argument("--api-key", metavar="KEY", help="an API key with the scope sandbox (default: the sandbox's own)")
    emv.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.action == "check":
        return _check(arguments)
    for name, flag in {"token": "--token", **_BELIEVED}.items():
        if getattr(arguments, name) is not None:
            raise UsageError(f"{flag} is for `tapwright emv check`")
    from simulators.cli.actions.emv import decode_verb

    return decode_verb(given_text(arguments.hex))


def _check(arguments: argparse.Namespace) -> int:
    """Ask the server, and print what it says; the exit code is 1 where something differs."""
    import json

    import httpx
    from rich.console import Console

    from simulators.parties.issuer_client import Issuer, IssuerRefused
    from simulators.testkit.cryptogram_table import agrees, show_check

    if arguments.token is None:
        raise UsageError("emv check needs --token: the token that paid")
    api_key = checked_api_key(arguments.api_key)
    believed = {name: getattr(arguments, name) for name in _BELIEVED if getattr(arguments, name) is not None}
    body: dict[str, Any] = {
        "token_id": arguments.token,
        "chip_data": "".join(given_text(arguments.hex).split()),
        "believed": believed,
    }
    try:
        with Issuer(checked_url(arguments.url), api_key) as operator:
            check = operator.call("POST", "/v1/simulations/cryptograms/check", body)
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
        return 1
    except IssuerRefused as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    if arguments.json:
        sys.stdout.write(json.dumps(check, indent=2) + "\n")
    else:
        show_check(check, Console())
    return 0 if agrees(check) else 1
