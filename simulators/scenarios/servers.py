"""Servers for scenarios: a fresh one for each, or a running one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, cast

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.sandbox.settings.iso_listeners import IsoListener
from simulators.scenarios.scenario import Scenario
from simulators.scenarios.shared_server import put_back_afterwards, restored_afterwards
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


def running_server(http_url: str, iso_address: tuple[str, int], *, restores: bool = False) -> Servers:
    """The same server for all, which runs already.

    After each scenario its program, policy and clock are put back, as far as they can be; where it restores, its whole
    network is, by a snapshot.
    """

    @contextmanager
    def server(_scenario: Scenario) -> Iterator[Server]:
        made = Server(http_url, iso_address)
        with (restored_afterwards if restores else put_back_afterwards)(http_url, made.left):
            yield made

    return server
