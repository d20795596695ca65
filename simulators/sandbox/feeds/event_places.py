"""Cursors of the list of events: a place in the vault's events and one in those of payments, as one opaque text."""

import base64
import binascii
import re
from dataclasses import dataclass

from authz.payments.events import Position
from tokenvault.vocabulary.errors import NotFound

_PREFIX = "cur_"
_INSIDE = re.compile(r"([0-9]{0,18})\|([0-9/-]{0,64})")


def is_cursor(text: str) -> bool:
    """Whether a text would be a cursor rather than the identifier of an event."""
    return text.startswith(_PREFIX)


@dataclass(frozen=True)
class EventPlaces:
    """A place in each log. vault: the number of an event.  payments: of payments' events. None: at its beginning."""

    vault: int | None = None
    payments: Position | None = None

    def __str__(self) -> str:
        told = f"{'' if self.vault is None else self.vault}|{'' if self.payments is None else self.payments}"
        return _PREFIX + base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "EventPlaces":
        """Read what `str` wrote. Raises: NotFound."""
        try:
            encoded = text.removeprefix(_PREFIX).encode("ascii")
            inside = base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4)).decode("ascii")
            if (found := _INSIDE.fullmatch(inside)) is not None:
                vault, payments = found.groups()
                made = cls(int(vault) if vault else None, Position.parse(payments) if payments else None)
                if str(made) == text:
                    return made
        except (ValueError, binascii.Error):
            pass
        raise NotFound("this is neither a cursor of this list nor the identifier of an event")
