"""``tapwright bench``: builds the options from the flags, and runs the load."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from authz.iso8583.encoding import codec
from simulators.cli.flags.output_file import checked_output
from simulators.cli.flags.server_address import UsageError, no_host, no_server
from simulators.load.arrivals import Shape
from simulators.load.chunks import Traffic
from simulators.load.customers import fresh_traffic, phones_for
from simulators.load.generator import Load
from simulators.load.report import NoPlots, as_json, plot, show, write_json
from simulators.load.run import GeneratorFailed, measured_ceiling, run_load
from simulators.load.traffic import TAPS_ONLY, Mix, PlainTraffic
from simulators.load.warm_up import compile_answer_reading
from simulators.parties.issuer_client import IssuerRefused
from simulators.terminals.iso_link import IsoLink, LineDown
from simulators.wallet.phone import WalletRefused

_MOST = 1e9
"""Of anything that is counted here: no bench lasts for thirty years."""


@dataclass(frozen=True)
class BenchOptions:
    """What is asked for. request: a file with the fields of a message of one's own, for a host without our cards."""

    url: str
    address: tuple[str, int]
    load: Load
    connections: int
    mix: Mix
    phones: int | None
    merchants: int
    request: Path | None
    json_file: Path | None
    plot_file: Path | None
    with_ceiling: bool


def read_request(path: Path) -> codec.Message:
    """A message from a JSON file: field number -> text, 0 is the message type. Raises: UsageError."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"--request {path}: {str(error.strerror).lower()}") from None
    except ValueError as error:
        raise UsageError(f"--request {path} is not valid JSON: {error}") from None
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and name.isdecimal() and isinstance(value, str) for name, value in found.items()
    ):
        raise UsageError(f'--request {path}: is not a JSON object of field numbers and texts, such as {{"0": "0100"}}')
    return {int(name): value for name, value in found.items()}


def run_bench(options: BenchOptions) -> int:
    """Run a load and report it; exit code 1 where something was lost or came out otherwise than it was meant to."""
    console, progress = Console(), Console(stderr=True)
    try:
        message = read_request(options.request) if options.request is not None else None
        IsoLink(options.address).dial()
        compile_answer_reading()
        traffic = _traffic(options, message, progress)
        ceiling = None
        if options.with_ceiling:
            progress.print("measuring the generator against an echo server ...")
            ceiling = measured_ceiling(traffic, options.load)
        progress.print("making requests ...")

        def tell(seconds: float, answered: int) -> None:
            progress.print(f"{seconds:6.0f} s  {answered:12,} answers")

        tally = run_load(options.address, traffic, options.load, tell)
        settings = {
            "host": f"{options.address[0]}:{options.address[1]}",
            "per_second": options.load.per_second,
            "seconds": options.load.seconds,
            "shape": options.load.shape.value,
            "window": options.load.window,
            "connections": options.connections,
            "processes": options.load.processes,
            "seed": options.load.seed,
        }
        run = as_json(tally, ceiling, settings)
        show(tally, ceiling, console)
        if options.json_file is not None:
            write_json(options.json_file, run)
        if options.plot_file is not None:
            plot(options.plot_file, run)
    except httpx.TransportError as error:
        return _failed(no_server(options.url, error))
    except LineDown as error:
        return _failed(no_host(error))
    except (GeneratorFailed, NoPlots, IssuerRefused, WalletRefused, codec.MessageError, OSError, ValueError) as error:
        return _failed(str(error))
    return 1 if tally.lost or tally.unexpected else 0


def _failed(text: str) -> int:
    sys.stderr.write(f"tapwright: {text}\n")
    return 1


def _traffic(options: BenchOptions, message: codec.Message | None, progress: Console) -> list[Traffic]:
    """What each connection sends. message: the same again and again, or None for a portfolio's traffic."""
    if message is not None:
        return [PlainTraffic(message) for _ in range(options.connections)]
    load = options.load
    wanted = options.phones or phones_for(load.per_second * load.seconds)
    progress.print(f"provisioning {max(wanted, options.connections)} phones ...")
    return list(
        fresh_traffic(
            options.url,
            options.address,
            wanted,
            options.connections,
            options.mix,
            merchants=options.merchants,
            seed=load.seed,
        )
    )


def options_from(arguments: argparse.Namespace, address: tuple[str, int]) -> BenchOptions:
    """The options in parsed flags. Raises: ValueError, UsageError naming the flag."""
    for name in ("rate", "seconds", "connections", "processes", "window", "phones"):
        value = getattr(arguments, name)
        if value is not None and not 0 < value < _MOST:
            raise ValueError(f"--{name} must be more than zero, and less than {_MOST:,.0f}")
    for name in ("json", "plot"):
        checked_output(getattr(arguments, name), f"--{name}")
    if not 0 <= arguments.warm_up < arguments.seconds:
        raise ValueError("--warm-up must be less than --seconds")
    load = Load(
        arguments.rate,
        arguments.seconds,
        Shape(arguments.shape),
        arguments.window,
        arguments.warm_up if arguments.window is None else 0.0,
        arguments.processes,
        arguments.seed,
        busy=arguments.busy,
    )
    return BenchOptions(
        arguments.url,
        address,
        load,
        arguments.connections,
        TAPS_ONLY if arguments.taps_only else Mix(),
        arguments.phones,
        arguments.merchants,
        arguments.request,
        arguments.json,
        arguments.plot,
        not arguments.no_ceiling,
    )
