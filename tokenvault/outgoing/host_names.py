"""Host name resolution with a time limit, so that a slow name server delays only its own callers.

The system's own look-up waits in a thread, half a minute where no server of names answers, and cannot be ended. So each
has a thread of its own, beside those that work on databases; there is one for each name, and a bound for each asker.
"""

import asyncio
import contextlib
import socket
import threading
from collections import Counter

from tokenvault.outgoing.internet_addresses import Address, address_in

LOOK_UP_SECONDS_MAX = 5.0
AT_ONCE = 256
"""So many names are looked up at a time; more are not, and who asks for them tries again."""
OF_ONE_ASKER = 20
"""So many of them for one asker: as many as it has webhook endpoints."""

_Lookup = asyncio.Future[list[Address]]


class NameUnknown(Exception):
    """A name leads nowhere, as far as could be learnt in time."""


def written_addresses(host: str) -> list[Address]:
    """The address that a host is, in any spelling (`0x7f.1`, `2130706433`), or none for a name; it is not looked up."""
    try:
        return _addresses(host, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []


def _addresses(host: str, flags: int = 0) -> list[Address]:
    """Where a host is, the best first. Raises: OSError or UnicodeError where it is nowhere."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags)
    texts = dict.fromkeys(str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found)
    return [address for address in map(address_in, texts) if address is not None]


class HostNames:
    """Looks names up. Belongs to one event loop."""

    def __init__(self) -> None:
        self._lookups: dict[str, _Lookup] = {}
        self._askers: Counter[str] = Counter()

    async def addresses(self, host: str, asker: str = "") -> list[Address]:
        """Where a host is, the best first. asker: for whom it is looked up. Raises: NameUnknown."""
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = self._begun(host, asker)
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS_MAX):
                return await asyncio.shield(lookup)
        except TimeoutError:
            raise NameUnknown("the host name was not resolved in time") from None
        except (OSError, UnicodeError):
            raise NameUnknown("the host name cannot be resolved") from None

    def _begun(self, host: str, asker: str) -> _Lookup:
        if len(self._lookups) >= AT_ONCE or self._askers[asker] >= OF_ONE_ASKER:
            raise NameUnknown("too many host names are being resolved")
        loop = asyncio.get_running_loop()
        lookup: _Lookup = loop.create_future()
        self._lookups[host] = lookup
        self._askers[asker] += 1

        def end(found: list[Address] | Exception) -> None:
            del self._lookups[host]
            self._askers -= Counter({asker: 1})
            if isinstance(found, Exception):
                lookup.set_exception(found)
                lookup.exception()  # who waited has heard of it, and perhaps nobody does any more
            else:
                lookup.set_result(found)

        def look_up() -> None:
            found: list[Address] | Exception
            try:
                found = _addresses(host)
            except Exception as error:
                found = error
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for it any more
                loop.call_soon_threadsafe(end, found)

        # A daemon: a look-up that does not end keeps no process from ending.
        threading.Thread(target=look_up, name="look-up of a name", daemon=True).start()
        return lookup
