"""A phone in a virtual PC/SC reader: what `vsmartcard-vpcd` hands on, it answers.

vpcd listens on TCP (port 35963 unless told otherwise), and the card dials. Every message is a two-byte big-endian
length and so many bytes; a single byte is a control, anything longer an APDU.
"""

import socket
from typing import Protocol

VPCD_PORT = 35963

_POWER_OFF, _POWER_ON, _RESET, _ANSWER_TO_RESET = 0, 1, 2, 4

ANSWER_TO_RESET = bytes.fromhex("3B8480015441505717")
"""Of a contactless card (PC/SC part 3, 3.1.3.2.3): historical bytes "TAPW", then the check byte."""


class ReaderGone(Exception):
    """vpcd cannot be reached, or hung up."""


class InField(Protocol):
    """What lies on the reader."""

    def transmit(self, encoded: bytes) -> bytes:
        """Answer one APDU."""

    def leave_field(self) -> None:
        """Forget where the conversation was."""


class VirtualReader:
    """The card's end of the line to vpcd."""

    def __init__(self, host: str = "127.0.0.1", port: int = VPCD_PORT) -> None:
        try:
            self._socket = socket.create_connection((host, port), timeout=10)
        except OSError as error:
            raise ReaderGone(f"no vpcd at {host}:{port}: {error}; is pcscd running with vsmartcard-vpcd?") from None
        self._socket.settimeout(None)

    def close(self) -> None:
        """Take the phone out of the reader."""
        self._socket.close()

    def serve(self, phone: InField) -> None:
        """Answer until the reader is gone. Raises: ReaderGone."""
        while True:
            request = self._receive()
            if len(request) != 1:
                self._send(phone.transmit(request))
            elif request[0] == _ANSWER_TO_RESET:
                self._send(ANSWER_TO_RESET)
            elif request[0] in (_POWER_OFF, _POWER_ON, _RESET):
                phone.leave_field()

    def _send(self, message: bytes) -> None:
        self._socket.sendall(len(message).to_bytes(2, "big") + message)

    def _receive(self) -> bytes:
        return self._read(int.from_bytes(self._read(2), "big"))

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                part = self._socket.recv(count - len(data))
            except OSError as error:
                raise ReaderGone(f"vpcd: {error}") from None
            if not part:
                raise ReaderGone("vpcd has hung up")
            data += part
        return data
