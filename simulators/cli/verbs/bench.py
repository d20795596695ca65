"""``tapwright bench``: an ISO 8583 host under load."""

import argparse
from pathlib import Path

from simulators.cli.arguments import Verbs
from simulators.cli.server_address import UsageError, checked_address, checked_url, default_iso, default_url


def add(verbs: Verbs) -> None:
    """Its flags."""
    bench = verbs.add_parser(
        "bench",
        help="put an ISO 8583 host under load, and believe the figures",
        description="Send seeded traffic by schedule, whatever the host does, and count each latency from the moment "
        "the request was due. Exit code 1 where an answer is missing or not what it was meant to be. See "
        "docs/benchmarks.md.",
    )
    bench.add_argument("--url", default=default_url(), help="the server, for phones (TAPWRIGHT_URL, else port 8420)")
    bench.add_argument("--iso", default=default_iso(), help="the host (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)")
    bench.add_argument("--rate", type=float, default=1_000, help="requests a second, all connections together (1000)")
    bench.add_argument("--seconds", type=float, default=10, help="how long, warm-up included (10)")
    bench.add_argument("--warm-up", type=float, default=2, help="seconds at the beginning that do not count (2)")
    bench.add_argument(
        "--shape",
        choices=["fixed", "poisson", "day"],
        default="poisson",
        help="how arrivals are spread: evenly, like many customers', or as one day of them (poisson)",
    )
    bench.add_argument(
        "--window",
        type=int,
        help="a closed loop: so many unanswered on a connection, --rate times --seconds in all",
    )
    bench.add_argument("--connections", type=int, default=1, help="TCP connections (1)")
    bench.add_argument("--processes", type=int, default=1, help="generators, which share the connections (1)")
    bench.add_argument("--phones", type=int, help="phones that pay (as many as their transaction counters ask for)")
    bench.add_argument("--merchants", type=int, default=3, choices=range(1, 9), help="merchants of each phone (3)")
    bench.add_argument("--taps-only", action="store_true", help="no completions, reversals, declines and attacks")
    bench.add_argument("--seed", type=int, default=1, help="of everything that is drawn (1)")
    bench.add_argument(
        "--request", type=Path, metavar="FILE", help="send this message (JSON: field number -> text), to any host"
    )
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    bench.add_argument("--plot", type=Path, metavar="FILE", help="draw the results (.png, .svg; needs the extra plots)")
    bench.add_argument("--busy", action="store_true", help="never sleep: more punctual, on a core of its own")
    bench.add_argument("--no-ceiling", action="store_true", help="do not measure the generator first")
    bench.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.bench import options_from, run_bench

    try:
        checked_url(arguments.url)
        options = options_from(arguments, checked_address(arguments.iso, "--iso"))
    except ValueError as error:
        raise UsageError(str(error)) from None
    return run_bench(options)
