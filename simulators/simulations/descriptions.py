"""What callers have simulated, described as JSON values: enough to make all of it again, and no key in clear."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from simulators.simulations.payments import Payment
from simulators.simulations.simulated_phones import SimulatedPhone, SimulatedPhones
from simulators.simulations.simulated_terminals import SimulatedTerminal, SimulatedTerminals
from simulators.wallet.card.secure_element import Unwrap, Wrap

VERSION = 1
"""Of the description. It changes with everything that an earlier version could not read."""


@dataclass(frozen=True)
class MadeAgain:
    """What a description told, by tenant, the oldest first."""

    phones: dict[str, list[SimulatedPhone]]
    terminals: dict[str, list[SimulatedTerminal]]
    payments: dict[str, list[Payment]]


def describe(
    phones: Mapping[str, list[SimulatedPhone]],
    terminals: Mapping[str, list[SimulatedTerminal]],
    payments: Mapping[str, list[Payment]],
    wrap: Wrap,
) -> dict[str, Any]:
    """The description of what there is by tenant. wrap: encrypts what is in the secure elements.

    Terminals come before phones, as everywhere, for each is waited for. A terminal that is not kept, because it served
    one payment or was removed, is described as long as a payment may be followed up at it.
    """
    kept = {terminal.id for own in terminals.values() for terminal in own}
    serving = {payment.terminal.id: payment.terminal for own in payments.values() for payment in own}
    return {
        "version": VERSION,
        "terminals": {tenant: [terminal.described() for terminal in own] for tenant, own in terminals.items()},
        "other_terminals": [terminal.described() for terminal in serving.values() if terminal.id not in kept],
        "phones": {tenant: [phone.described(wrap) for phone in own] for tenant, own in phones.items()},
        "payments": {tenant: [payment.described() for payment in own] for tenant, own in payments.items()},
    }


def made_again(
    described: Mapping[str, Any], phones: SimulatedPhones, terminals: SimulatedTerminals, unwrap: Unwrap
) -> MadeAgain:
    """What a description told. unwrap: opens what `wrap` made.

    Raises: ValueError for a description of another version or shape, and what `unwrap` raises.
    """
    version = described.get("version")
    if version != VERSION:
        raise ValueError(f"simulated phones and terminals are described in version {version!r}, not in {VERSION}")
    with ExitStack() as on_failure:
        try:
            made = _made_again(described, phones, terminals, unwrap, on_failure)
        except (LookupError, TypeError, AttributeError) as error:
            # The kind of the error says enough: its text may hold what was described.
            raise ValueError(
                f"this is no description of simulated phones and terminals: {type(error).__name__}"
            ) from None
        on_failure.pop_all()
        return made


def _made_again(
    described: Mapping[str, Any],
    phones: SimulatedPhones,
    terminals: SimulatedTerminals,
    unwrap: Unwrap,
    on_failure: ExitStack,
) -> MadeAgain:
    """on_failure: closes the phones that were made by then."""

    def phone(each: Mapping[str, Any], tenant: str) -> SimulatedPhone:
        made = phones.made_again(each, tenant, unwrap)
        on_failure.callback(made.phone.close)
        return made

    kept = {tenant: [terminals.made_again(each) for each in own] for tenant, own in described["terminals"].items()}
    others = [terminals.made_again(each) for each in described["other_terminals"]]
    by_id = _by_id([*others, *(terminal for own in kept.values() for terminal in own)])
    return MadeAgain(
        {tenant: [phone(each, tenant) for each in own] for tenant, own in described["phones"].items()},
        kept,
        {tenant: [Payment.of(each, by_id) for each in own] for tenant, own in described["payments"].items()},
    )


def _by_id(terminals: Iterable[SimulatedTerminal]) -> dict[str, SimulatedTerminal]:
    return {terminal.id: terminal for terminal in terminals}
