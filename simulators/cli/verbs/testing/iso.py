"""``tapwright iso``: ISO 8583 messages decoded, encoded and sent."""

import argparse

from simulators.cli.flags.arguments import Verbs, add_dialect, checked_seconds, given_text
from simulators.cli.flags.server_address import checked_address, default_iso


def add(verbs: Verbs) -> None:
    """Its flags."""
    iso = verbs.add_parser(
        "iso",
        help="decode, encode and send ISO 8583 messages",
        description="Decode, encode or send ISO 8583 messages in any dialect: a built-in one, a pyiso8583 "
        "spec (.json) or a jPOS packager (.xml).",
    )
    iso.add_argument(
        "action",
        choices=["decode", "encode", "send"],
        help="decode: a message in hexadecimal; encode, send: fields as NUMBER=VALUE, where 0 is the message type",
    )
    iso.add_argument("parts", nargs="+", metavar="PART", help="the message; - reads it from standard input")
    iso.add_argument("--framed", action="store_true", help="decode, encode: the message is preceded by its length")
    iso.add_argument(
        "--iso",
        metavar="HOST:PORT",
        default=default_iso(),
        help="send: the host (default: TAPWRIGHT_ISO8583, else 127.0.0.1:8583)",
    )
    iso.add_argument(
        "--seconds", type=float, default=10.0, help="send: how long to wait for the answer, in seconds (default: 10)"
    )
    add_dialect(iso)
    iso.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions import iso as iso_verb

    parts = [part for text in arguments.parts for part in (given_text(text).split() if text == "-" else [text])]
    match arguments.action:
        case "decode":
            return iso_verb.decode_verb(arguments.dialect, "".join(parts), is_framed=arguments.framed)
        case "encode":
            return iso_verb.encode_verb(arguments.dialect, parts, is_framed=arguments.framed)
    return iso_verb.send_verb(
        arguments.dialect, parts, checked_address(arguments.iso, "--iso"), checked_seconds(arguments.seconds)
    )
