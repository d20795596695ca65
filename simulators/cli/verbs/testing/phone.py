"""``tapwright phone``: a phone on a virtual PC/SC reader."""

import argparse

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import checked_address, checked_url, default_url


def add(verbs: Verbs) -> None:
    """Its flags."""
    phone = verbs.add_parser(
        "phone",
        help="a phone on a virtual PC/SC reader",
        description="Provision a phone on a running server and present it to a virtual PC/SC reader (Debian's "
        "pcscd with vsmartcard-vpcd), so that any PC/SC program can read it.",
    )
    phone.add_argument("--pcsc", action="store_true", required=True, help="present it to the reader until Ctrl-C")
    phone.add_argument("--card", metavar="ID", help="the card to provision (default: a new card)")
    phone.add_argument(
        "--kind", choices=["phone", "watch", "band"], default="phone", help="type of device (default: phone)"
    )
    phone.add_argument(
        "--profile", choices=["aes", "tdes", "sm4"], default="aes", help="cryptogram profile (default: aes)"
    )
    phone.add_argument(
        "--flow",
        choices=["quick", "generate_ac"],
        default="quick",
        help="contactless flow: cryptogram with GPO (quick) or with GENERATE AC (default: quick)",
    )
    phone.add_argument(
        "--keys",
        choices=["secure_element", "limited_use"],
        default="secure_element",
        help="where the key is: card key in a secure element, or limited-use keys (default: secure_element)",
    )
    phone.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    phone.add_argument(
        "--vpcd", metavar="HOST:PORT", default="127.0.0.1:35963", help="address of vpcd (default: 127.0.0.1:35963)"
    )
    phone.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.phone import PhoneOptions, run_phone

    return run_phone(
        PhoneOptions(
            checked_url(arguments.url),
            arguments.card,
            arguments.kind,
            arguments.profile,
            arguments.flow,
            arguments.keys,
            checked_address(arguments.vpcd, "--vpcd"),
        )
    )
