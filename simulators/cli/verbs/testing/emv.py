"""``tapwright emv``: EMV data as a tree of named objects."""

import argparse

from simulators.cli.flags.arguments import Verbs, given_text


def add(verbs: Verbs) -> None:
    """Its flags."""
    emv = verbs.add_parser("emv", help="decode EMV data", description="Print EMV data as a tree of named objects.")
    emv.add_argument("action", choices=["decode"], help="decode: BER-TLV data in hexadecimal, such as DE 55")
    emv.add_argument("hex", help="the data in hexadecimal; - reads it from standard input")
    emv.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.emv import decode_verb

    return decode_verb(given_text(arguments.hex))
