"""A phone: a wallet that talks to the vault over HTTP, and a card at the tap."""

import base64
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from simulators import test_values
from simulators.manufacturer import Manufacturer
from simulators.secure_element import CardAnswer, SecureElement
from tokenvault.proof_of_possession import access_token_hash


class WalletRefused(Exception):
    """The vault answered with a problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem


class Phone:
    """One simulated phone with a wallet app on it.

    base_url: of the HTTP API.  clock: Unix seconds.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str = "A phone",
        api_key: str = test_values.WALLET_API_KEY,
        clock: Callable[[], float] = time.time,
        maker: Manufacturer | None = None,
    ) -> None:
        self.name = name
        self.device_id: str | None = None
        self.token_id: str | None = None
        self._secure_element = SecureElement()
        self._maker = maker or Manufacturer()
        self._api_key = api_key
        self._clock = clock
        self._http = httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {api_key}"}, trust_env=False)

    def __repr__(self) -> str:
        return f"Phone({self.name!r}, device={self.device_id}, token={self.token_id})"

    def close(self) -> None:
        """Drop the connection to the vault."""
        self._http.close()

    def register(self) -> str:
        """Register with the vault; returns the device's identifier. Raises: WalletRefused."""
        certificate = self._maker.attest(self._secure_element.public_key(), self.name, self._clock())
        body = {
            "name": self.name,
            "attestation_certificates": [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()],
        }
        self.device_id = str(self.call("POST", "/v1/devices", body)["id"])
        return self.device_id

    def request_token(self, card_id: str | None, *, cryptogram_profile: str = "aes", **more: Any) -> dict[str, Any]:
        """Ask for a token for a card; returns it with its decision. more: other fields of the request.

        Raises: WalletRefused.
        """
        body = {
            "card_id": card_id,
            "device_id": self.device_id,
            "token_requestor_id": test_values.TOKEN_REQUESTOR_ID,
            "cryptogram_profile": cryptogram_profile,
        }
        token = self.call("POST", "/v1/tokens", body | more)
        self.token_id = str(token["id"])
        return token

    def activate(self) -> dict[str, Any]:
        """Activate the token and put its credentials into the secure element. Raises: WalletRefused."""
        return self._fetch("activate")

    def refill(self) -> dict[str, Any]:
        """Get the next limited-use key. Raises: WalletRefused."""
        return self._fetch("limited_use_keys")

    @property
    def wants_refill(self) -> bool:
        """Whether its limited-use key is nearly used up."""
        return self.token_id is not None and self._secure_element.wants_refill(self.token_id)

    def _fetch(self, what: str) -> dict[str, Any]:
        activation = self.call("POST", f"/v1/tokens/{self.token_id}/{what}")
        self._secure_element.install(activation["sealed_credentials"], activation["hpke_info"])
        return dict(activation["token"])

    def send_code(self, method: str = "text_message") -> dict[str, Any]:
        """Have a one-time code sent. Raises: WalletRefused."""
        return self.call("POST", f"/v1/tokens/{self.token_id}/verification", {"method": method})

    def enter_code(self, code: str) -> dict[str, Any]:
        """Complete the verification; returns the token. Raises: WalletRefused."""
        return self.call("POST", f"/v1/tokens/{self.token_id}/verification/complete", {"code": code})

    def provision(self, card_id: str, *, cryptogram_profile: str = "aes", **more: Any) -> str:
        """Register where needed, request and activate; returns the token's identifier. Raises: WalletRefused."""
        if self.device_id is None:
            self.register()
        token = self.request_token(card_id, cryptogram_profile=cryptogram_profile, **more)
        self.activate()
        return str(token["id"])

    def change_token(self, change: str, initiator: str = "cardholder") -> dict[str, Any]:
        """suspend or resume the token. Raises: WalletRefused."""
        return self.call("POST", f"/v1/tokens/{self.token_id}/{change}", {"initiator": initiator})

    def delete_token(self) -> dict[str, Any]:
        """Deactivate the token for good. Raises: WalletRefused."""
        return self.call("DELETE", f"/v1/tokens/{self.token_id}")

    def tap(self, terminal_values: dict[str, bytes]) -> CardAnswer:
        """Answer a terminal. terminal_values: tag -> value."""
        assert self.token_id is not None, "provision a token before tapping"
        return self._secure_element.generate_cryptogram(self.token_id, terminal_values)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Any call of the API, signed by this phone. Raises: WalletRefused."""
        url = str(self._http.base_url).rstrip("/") + path
        claims: dict[str, object] = {
            "jti": str(uuid.uuid4()),
            "htm": method,
            "htu": url,
            "iat": int(self._clock()),
            "ath": access_token_hash(self._api_key),
        }
        proof = self._secure_element.sign_proof(claims)
        response = self._http.request(method, path, json=body, headers={"DPoP": proof})
        answer: dict[str, Any] = response.json()
        if response.is_error:
            raise WalletRefused(response.status_code, answer)
        return answer
