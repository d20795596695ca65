"""``tapwright attack``: runs attack simulations, on a given server or on a fresh one."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from simulators.attackers.attack import Attack, Campaign, attack
from simulators.attackers.catalogue import ATTACKS
from simulators.attackers.scene import Scene
from simulators.cli.flags.server_address import no_host, no_server
from simulators.parties.issuer_client import IssuerRefused
from simulators.process.start_error import StartError
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.terminals.iso_link import LineDown, LinkError

Address = tuple[str, int]


@contextmanager
def fresh_scene() -> Iterator[Scene]:
    """A server in this process. Raises: StartError."""
    with scratch_sandbox() as sandbox, Scene(sandbox.http_url, sandbox.iso_address) as scene:
        yield scene


def run_attacks(names: Sequence[str], attempts: int, seed: int, server: tuple[str, Address] | None) -> int:
    """Try attacks and show what came of them; returns the exit code: 1 where anything got through."""
    console = Console()
    campaigns: list[Campaign] = []
    try:
        with fresh_scene() if server is None else Scene(*server) as scene:
            for name in names:
                campaigns.append(_tried(ATTACKS[name], scene, attempts, seed, console))
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server('its own address' if server is None else server[0], error)}\n")
        return 1
    except LineDown as error:
        sys.stderr.write(f"tapwright: {no_host(error)}\n")
        return 1
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{len(campaigns)} of {len(names)} attacks were finished") from None
    except (StartError, LinkError, IssuerRefused) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("", "attack", "refused", "for"):
        table.add_column(heading, justify="right" if heading == "refused" else "left")
    for campaign in campaigns:
        reasons = ", ".join(f"{reason} {count}" for reason, count in campaign.reasons.most_common())
        state = "[red]GOT THROUGH" if campaign.unexpected else "[green]refused"
        table.add_row(state, campaign.name, f"{campaign.refused} of {campaign.attempts}", reasons)
    console.print(table)
    return 1 if any(campaign.unexpected for campaign in campaigns) else 0


def _tried(kind: type[Attack], scene: Scene, attempts: int, seed: int, console: Console) -> Campaign:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(kind.name, total=attempts)
        return attack(kind, scene, attempts, seed, lambda campaign: progress.update(task, completed=campaign.attempts))
