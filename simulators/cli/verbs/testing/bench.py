"""``tapwright bench``: load on an ISO 8583 host."""

import argparse
from pathlib import Path

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import UsageError, checked_address, checked_url, default_iso, default_url


def add(verbs: Verbs) -> None:
    """Its flags."""
    bench = verbs.add_parser(
        "bench",
        help="measure throughput and latency of an ISO 8583 host under load",
        description="Send seeded traffic on a schedule (an open loop) and measure each latency from the "
        "scheduled time of the request. The exit code is 1 if a response is missing or "
        "unexpected. See docs/benchmarks.md.",
    )
    bench.add_argument(
        "--url",
        default=default_url(),
        help="the server that phones are provisioned on (default: TAPWRIGHT_URL, else port 8420)",
    )
    bench.add_argument(
        "--iso",
        metavar="HOST:PORT",
        default=default_iso(),
        help="the ISO 8583 host (default: TAPWRIGHT_ISO8583, else 127.0.0.1:8583)",
    )
    bench.add_argument(
        "--rate", type=float, default=1_000, help="requests per second over all connections (default: 1000)"
    )
    bench.add_argument(
        "--seconds", type=float, default=10, help="duration in seconds, including the warm-up (default: 10)"
    )
    bench.add_argument(
        "--warm-up",
        metavar="SECONDS",
        type=float,
        default=2,
        help="seconds at the beginning that are not measured (default: 2)",
    )
    bench.add_argument(
        "--shape",
        choices=["fixed", "poisson", "day"],
        default="poisson",
        help="distribution of arrivals: at fixed intervals, as a Poisson process, or following the "
        "hours of a day (default: poisson)",
    )
    bench.add_argument(
        "--window",
        type=int,
        help="closed loop with this many unanswered requests per connection, --rate times --seconds requests in total",
    )
    bench.add_argument("--connections", type=int, default=1, help="number of TCP connections (default: 1)")
    bench.add_argument(
        "--processes",
        type=int,
        default=1,
        help="number of generator processes, which share the connections (default: 1)",
    )
    bench.add_argument(
        "--phones", type=int, help="number of phones (default: as many as their transaction counters require)"
    )
    bench.add_argument(
        "--merchants",
        type=int,
        default=3,
        choices=range(1, 9),
        help="number of merchants that each phone pays at (default: 3)",
    )
    bench.add_argument(
        "--taps-only",
        action="store_true",
        help="send only payments, without completions, reversals, declines and attacks",
    )
    bench.add_argument("--seed", type=int, default=1, help="seed of everything random (default: 1)")
    bench.add_argument(
        "--request", type=Path, metavar="FILE", help="send this message (JSON object: field number to text) to any host"
    )
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    bench.add_argument(
        "--plot", type=Path, metavar="FILE", help="plot the results (.png or .svg; requires the extra `plots`)"
    )
    bench.add_argument(
        "--busy", action="store_true", help="poll without sleeping: more punctual, but uses a whole core"
    )
    bench.add_argument(
        "--no-ceiling", action="store_true", help="do not measure the generator against an echo server first"
    )
    bench.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.bench import options_from, run_bench

    try:
        checked_url(arguments.url)
        options = options_from(arguments, checked_address(arguments.iso, "--iso"))
    except ValueError as error:
        raise UsageError(str(error)) from None
    return run_bench(options)
