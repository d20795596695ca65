"""Detokenization for a switch: asks the vault for the funding PAN, and verifies the cryptogram."""

from typing import Any, Protocol

import httpx

from authz.iso8583.encoding import codec
from authz.iso8583.messages.reading import channel_of
from authz.vocabulary.commands import Channel
from simulators.parties import sandbox_constants
from simulators.terminals.messages import card_number
from tokenvault.emv.encodings import tlv
from tokenvault.outgoing.outgoing_tls import trusted_authorities


class NotProven(Exception):
    """The vault refuses to detokenize; code: the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Detokenizes(Protocol):
    """Turns a token into the card behind it."""

    async def funding_card(self, message: codec.Message) -> tuple[str, str]:
        """Funding PAN and expiry (YYMM). Raises: NotProven."""

    async def close(self) -> None:
        """Hang up."""


class VaultDetokenization:
    """Asks over HTTP, with verification (``POST /v1/network/detokenize_with_verification``)."""

    def __init__(self, base_url: str, api_key: str = sandbox_constants.NETWORK_API_KEY) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        self._http = httpx.AsyncClient(
            base_url=base_url, headers=headers, trust_env=False, verify=trusted_authorities()
        )
        self._used: dict[str, set[int]] = {}

    async def funding_card(self, message: codec.Message) -> tuple[str, str]:
        """Funding PAN and expiry (YYMM). A transaction counter is good for one message. Raises: NotProven."""
        token_pan = card_number(message)
        if 55 not in message:  # it names an earlier one, which was verified
            return await self._request("/v1/network/detokenize", {"token_pan": token_pan})
        chip = dict(tlv.primitives(tlv.decode(bytes.fromhex(message[55]))))
        body = {
            "token_pan": token_pan,
            "expiry": message.get(14, ""),
            "channel": Channel(int(channel_of(int(message[22])))).name.lower(),
            "merchant_id": message.get(42, "").strip() or None,
            "country": message.get(19),
            "chip_data": {tag: value.hex().upper() for tag, value in chip.items() if value},
        }
        found = await self._request("/v1/network/detokenize_with_verification", body)
        counter = int.from_bytes(chip.get("9F36", b""), "big")
        if counter in self._used.setdefault(token_pan, set()):
            raise NotProven("replayed_cryptogram")
        self._used[token_pan].add(counter)
        return found

    async def _request(self, path: str, body: dict[str, Any]) -> tuple[str, str]:
        response = await self._http.post(path, json=body)
        answer = response.json()
        if response.is_error:
            raise NotProven(str(answer.get("code")))
        return str(answer["funding_pan"]), str(answer["funding_expiry"])

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()
