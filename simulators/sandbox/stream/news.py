"""What a stream is read from beside decisions: the lists of events and messages, the clock, and figures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from heapq import merge

from pydantic import BaseModel, Field

from authz.engine import Engine
from authz.history.projection import Projection
from authz.network.recent_undecided import RecentUndecided
from authz.payments.decision_log import DecisionsMade, decisions_made
from authz.payments.event_log import events_behind
from authz.payments.events import PaymentEvent, Position
from authz.payments.viewers import Viewer
from simulators.sandbox.clocks.sandbox_clock import SandboxClock
from simulators.sandbox.feeds.payment_feed import shown
from simulators.sandbox.stream.places import Places
from simulators.sandbox.traffic.recent_requests import RecentRequests
from tokenvault.events import events
from tokenvault.events.events import Event
from tokenvault.provisioning import verification
from tokenvault.provisioning.verification import Message
from tokenvault.vault import Vault

PAGE = 100
"""So many entries of a list are read together."""
HISTORY_SECONDS = 2.0
"""How long a listener that comes back waits until the history has what it missed."""


class FiguresView(BaseModel):
    """Figures of the engine, and of the decisions that one listener sees."""

    commands: int = Field(description="Commands applied and journaled since the server started.")
    batches: int = Field(description="Durable journal appends since then.")
    durable_sequence: int = Field(description="The last durable command.")
    history_sequence: int = Field(description="The last command in the lists.")
    decisions: int = Field(description="Decisions since the stream began that the listener sees, told or not.")
    decisions_told: int = Field(description="How many of them it was told one by one.")


@dataclass(frozen=True)
class News:
    """Where a stream's entries come from. Everything that reads a database here is called in a thread.

    vault: read as the current caller.
    """

    vault: Vault
    engine: Engine
    projection: Projection
    clock: SandboxClock
    requests: RecentRequests
    undecided: RecentUndecided

    def heads(self) -> Places:
        """How far each log reaches now. Raises: DatabaseUnavailable."""
        durable = self.engine.durable_sequence
        return Places(
            durable,
            events.last_number(self.vault),
            Position.behind(self.projection.sequence),
            verification.last_message_number(self.vault),
            self.requests.count,
            self.undecided.count,
        )

    def events(self, places: Places, heads: Places, viewer: Viewer) -> "tuple[list[tuple[Event, Places]], Places]":
        """Events of the vault and of payments behind some places, by time, each with the places behind it; and the
        places up to which these are all. Raises: DatabaseUnavailable; HistoryUnavailable.
        """
        of_vault, vault_until = self._of_vault(places.events, heads.events)
        of_payments, payments_until = self.projection.asked(
            partial(events_behind, after=places.payments, limit=PAGE, viewer=viewer)
        )
        found: list[tuple[Event, Places]] = []
        for entry in _by_time(of_vault, of_payments):
            if isinstance(entry, Event):
                places = replace(places, events=entry.sequence)
                found.append((entry, places))
            else:
                places = replace(places, payments=entry.position)
                found.append((shown(entry, entry.view_of(viewer)), places))
        return found, replace(places, events=vault_until, payments=payments_until)

    def _of_vault(self, after: int, head: int) -> tuple[list[Event], int]:
        """Events of the vault behind a number, and the number up to which these are all. head: see `heads`."""
        found = events.events_beyond(self.vault, after, limit=PAGE, oldest_first=True)
        if len(found) == PAGE:
            return found, found[-1].sequence
        return found, max(after, head, *(event.sequence for event in found[-1:]))

    def messages(self, places: Places) -> list[tuple[Message, Places]]:
        """Texts and mails behind a place, each with the places behind it. Raises: DatabaseUnavailable."""
        found = verification.messages_behind(self.vault, places.messages, PAGE)
        return [(message, replace(places, messages=number)) for number, message in found]

    def decisions(self, after: int, until: int, limit: int, issuer: str | None) -> DecisionsMade:
        """See `decisions_made`; asked when the history has got there, or after a while. Raises: HistoryUnavailable."""
        self.projection.wait_for(until, HISTORY_SECONDS)
        return self.projection.asked(
            partial(decisions_made, after=after, until=until, limit=limit, issuer=issuer),
        )

    def figures(self, seen: int, told: int) -> FiguresView:
        """Figures, with the decisions that a listener has seen, and those that it was told."""
        figures = self.engine.figures
        return FiguresView(
            commands=figures.commands,
            batches=figures.batches,
            durable_sequence=self.engine.durable_sequence,
            history_sequence=self.projection.sequence,
            decisions=seen,
            decisions_told=told,
        )


def _by_time(of_vault: Sequence[Event], of_payments: Sequence[PaymentEvent]) -> "list[Event | PaymentEvent]":
    """Both by time; the vault's first within a second, for its times are whole seconds."""
    logs: list[Sequence[Event | PaymentEvent]] = [of_vault, of_payments]
    return list(merge(*logs, key=_microseconds))


def _microseconds(entry: Event | PaymentEvent) -> int:
    return entry.created_at * 1_000_000 if isinstance(entry, Event) else entry.time_us
