"""``tapwright bank``: the books of a running server's accounts."""

from simulators.cli.bank.closing import add_flags, run_close
from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import default_url


def add(verbs: Verbs) -> None:
    """Its flags."""
    bank = verbs.add_parser(
        "bank",
        help="close the days of a bank",
        description="Work on the books of a running server's accounts.",
    )
    bank.add_argument(
        "action",
        choices=["close"],
        help="close: set the server's clock forward to the end of a day, and close all days up to it",
    )
    add_flags(bank)
    bank.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    bank.add_argument("--api-key", metavar="KEY", help="an API key with the scope sandbox (default: the sandbox's own)")
    bank.set_defaults(run=run_close)
