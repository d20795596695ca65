"""Servers for scenarios: a fresh one for each, or a running one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, cast

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.sandbox.settings.iso_listeners import IsoListener
from simulators.scenarios.scenario import Scenario
from simulators.scenarios.staging.stage import Server, needed_listener

Servers = Callable[[Scenario], AbstractContextManager[Server]]
"""Gives each scenario its server."""


@contextmanager
def fresh_server(scenario: Scenario) -> Iterator[Server]:
    """A server in this process, with the ports that a scenario's terminals need. Raises: StartError."""
    wanted = sorted({each for part in scenario.head.cast.terminals.values() if (each := needed_listener(part))})
    listeners = [
        IsoListener(
            dialect=dialect,
            port=0,
            mac="none" if mac == "none" else "required",
            mac_algorithm=cast(Literal["tdes", "tdes_cbc", "aes"], "aes" if mac == "none" else mac),
        )
        for dialect, mac in wanted
    ]
    with scratch_sandbox(iso_listeners=listeners) as sandbox:
        addresses = dict(zip(wanted, sandbox.further_iso_addresses, strict=True))
        yield Server(sandbox.http_url, sandbox.iso_address, addresses)


def running_server(http_url: str, iso_address: tuple[str, int]) -> Servers:
    """The same server for all, which runs already: what a scenario changes there, it leaves changed."""

    @contextmanager
    def server(_scenario: Scenario) -> Iterator[Server]:
        yield Server(http_url, iso_address)

    return server
