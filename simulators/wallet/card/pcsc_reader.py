"""A real PC/SC reader with a card on it, through `pyscard` (the extra ``pcsc``)."""

from typing import Any


class NoCard(Exception):
    """There is no such reader, or no card on it."""


class PcscCard:
    """The card on a reader whose name contains some text; the first reader with a card where it is empty."""

    def __init__(self, reader_name: str = "") -> None:
        from smartcard.Exceptions import CardConnectionException, NoCardException
        from smartcard.System import readers

        self._connection: Any = None
        there = [str(reader) for reader in readers()]
        for reader in readers():
            if reader_name.lower() not in str(reader).lower():
                continue
            connection = reader.createConnection()
            try:
                connection.connect()
            except (NoCardException, CardConnectionException):
                continue
            self._connection = connection
            return
        raise NoCard(f"no card on a reader called {reader_name!r}; readers: {', '.join(there) or 'none'}")

    def transmit(self, encoded: bytes) -> bytes:
        """Answer one APDU."""
        data, sw1, sw2 = self._connection.transmit(list(encoded))
        return bytes([*data, sw1, sw2])

    def close(self) -> None:
        """Let go of the card."""
        self._connection.disconnect()
