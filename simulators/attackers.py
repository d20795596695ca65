"""Attackers: each does what a thief could do with what a thief can get."""

from simulators.secure_element import CardAnswer
from tokenvault.emv.cryptogram_versions import TOKEN_CRYPTOGRAM_VERSIONS


class ClonedPhone:
    """Another device that pretends to be a phone whose tap it overheard.

    It has the number, the expiry and the issuer application data, and counts on where the phone left off. It lacks the
    one thing that never left the secure element, so it signs with a key of its own.
    """

    def __init__(self, overheard: CardAnswer, made_up_key: bytes) -> None:
        self._overheard = overheard
        self._key = made_up_key
        self._counter = int.from_bytes(overheard.values["9F36"], "big")

    def tap(self, terminal_values: dict[str, bytes]) -> CardAnswer:
        """Answer with a cryptogram that looks right."""
        self._counter += 1
        values = {
            **self._overheard.values,
            "9F36": self._counter.to_bytes(2, "big"),
        }
        version = TOKEN_CRYPTOGRAM_VERSIONS[values["9F10"][2]]
        values["9F26"] = version.arqc(self._key, terminal_values | values)
        return CardAnswer(self._overheard.track2, self._overheard.pan_sequence_number, values)
