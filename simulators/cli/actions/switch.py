"""``tapwright switch``: routes acquirers' messages to several issuers until Ctrl-C."""

import asyncio
import sys
from collections.abc import Sequence

from simulators.cli.flags.server_address import PORT_MAX, port_taken
from simulators.network.switch import Route, Switch, TcpUpstream
from simulators.process.addresses import split
from simulators.process.wait_for_signal import wait_for_signal

Named = tuple[str, tuple[str, int]]
"""First digits, and host and port."""


def route_of(text: str) -> Named:
    """The route that a flag names: ``DIGITS=HOST:PORT``. Raises: ValueError."""
    prefix, separator, address = text.partition("=")
    host, port = split(address) or ("", "")
    if not (separator and host and prefix.isdecimal() and port.isdecimal() and int(port[:9]) <= PORT_MAX):
        raise ValueError(f"{text!r} is not DIGITS=HOST:PORT")
    return prefix, (host, int(port))


def run_switch(routes: Sequence[Named], port: int, acquirers: Sequence[str], stand_in: int) -> int:
    """Route messages until a signal to stop; returns the exit code. stand_in: minor units."""
    try:
        return asyncio.run(_run(routes, port, acquirers, stand_in))
    except OSError as error:
        sys.stderr.write(f"tapwright: {port_taken(port, error)}\n")
        return 1


async def _run(routes: Sequence[Named], port: int, acquirers: Sequence[str], stand_in: int) -> int:
    switch = Switch(
        [Route(prefix, TcpUpstream(address), stand_in_minor=stand_in) for prefix, address in routes],
        frozenset(acquirers),
        port,
    )
    address = await switch.listen()
    sys.stdout.write(f"switching on {address[0]}:{address[1]}\n")
    sys.stdout.flush()
    await wait_for_signal()
    await switch.close()
    return 0
