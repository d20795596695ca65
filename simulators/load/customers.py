"""Customers of a load: phones provisioned over the API, each with its own account, card and merchants."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from simulators.load.taps import TAPS_MAX, LoadPhone, load_phone
from simulators.load.traffic import HABITS, TRANSACTION_LIMIT_MINOR, LineTraffic, Mix
from simulators.parties.issuer_client import Issuer
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone

CREDIT_LIMIT_MINOR = 10**12 - 1
_AT_ONCE = 4
_PHONES_LEAST = 32
_SPARE = 1.5


def provision_phones(base_url: str, count: int, clock: Callable[[], float] = time.time) -> list[Phone]:
    """So many phones, each with an account, a card and an active token of its own, over the real API.

    clock: Unix seconds.
    """

    def provision(number: int) -> Phone:
        with Issuer(base_url) as issuer:
            account = issuer.open_account("EUR", CREDIT_LIMIT_MINOR, TRANSACTION_LIMIT_MINOR)
            with closing(Phone(base_url, name=f"phone {number}", clock=clock)) as phone:
                phone.provision(issuer.issue_card(account["id"])["id"])
            return phone

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(provision, range(count)))


def customers(
    address: tuple[str, int], phones: Iterable[Phone], merchants: int = 3, clock: Callable[[], float] = time.time
) -> Iterator[LoadPhone]:
    """Phones for a load, with so many merchants each."""
    terminals = [
        Terminal(
            address,
            terminal_id=f"LOAD{place:04d}",
            merchant=habit.merchant,
            clock=clock,
            random_bytes=os.urandom,
        )
        for place, habit in enumerate(HABITS[:merchants])
    ]
    try:
        for phone in phones:
            yield load_phone(phone, terminals)
    finally:
        for terminal in terminals:
            terminal.close()


def phones_for(requests: float) -> int:
    """How many phones have transaction counters enough for so many taps."""
    return max(_PHONES_LEAST, int(requests * _SPARE / TAPS_MAX) + 1)


def fresh_traffic(
    base_url: str, address: tuple[str, int], phones: int, connections: int, mix: Mix, *, merchants: int, seed: int
) -> list[LineTraffic]:
    """What so many connections send, by phones that are provisioned for it: no fewer than there are connections."""
    made = provision_phones(base_url, max(phones, connections))
    payers = list(customers(address, made, merchants))
    return [LineTraffic(payers[number::connections], mix, seed + number) for number in range(connections)]
