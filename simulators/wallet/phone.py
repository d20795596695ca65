"""A phone, or a watch, a band, a car: a wallet that talks to the vault over HTTP, and a card at the tap."""

import base64
import os
import ssl
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.parties import sandbox_constants
from simulators.parties.manufacturer import Manufacturer
from simulators.wallet.card import apdu
from simulators.wallet.card.contactless_reader import CardAnswer, ContactlessReader
from simulators.wallet.card.device_kinds import PHONE, DeviceTraits
from simulators.wallet.card.payment_application import (
    DEVICE_VERIFIED_CARDHOLDER,
    CannotPay,
    Flow,
    PaymentApplication,
    Personalization,
)
from simulators.wallet.card.secure_element import NoKeysLeft, SecureElement, Unwrap, Wrap
from simulators.wallet.qr import consumer_presented
from simulators.wallet.qr.merchant_presented import MerchantCode
from simulators.wallet.self_service import SelfService
from simulators.wallet.token_wishes import token_wish
from tokenvault.devices.proof_of_possession import access_token_hash
from tokenvault.emv.cryptograms.cryptogram_versions import SignedFor
from tokenvault.outgoing.outgoing_tls import trusted_authorities
from tokenvault.reference_data.currencies import CURRENCIES
from tokenvault.vocabulary.pan import Track2

_STATE = ("device_id", "token_id", "is_locked", "has_network", "clock_ahead", "is_tampered")
"""The attributes of a phone that change after it was made, beside its secure element."""


class WalletRefused(Exception):
    """The vault answered with a problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem


class NoNetwork(Exception):
    """The phone is offline. It can still pay contactless."""


class CannotDoThis(Exception):
    """The device does not support this operation, or not in its current state."""


@dataclass(frozen=True)
class ScannedPayment:
    """What a phone sends after scanning a merchant's code. amount_minor: minor units.  values: what it signed over."""

    code: MerchantCode
    amount_minor: int
    values: dict[str, bytes]
    answer: CardAnswer


class Phone(SelfService):
    """One simulated device with a wallet on it.

    base_url: of the HTTP API.  public_url: what its proofs name instead, where the API knows itself by another URL.
    clock: Unix seconds.  flow: how it speaks to readers.  authorities: whom it trusts for TLS; the usual ones if None.

    Its state: `is_locked`, `has_network`, `clock_ahead` (seconds), `is_tampered` (it signs on when
    its key is used up).
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str = "A phone",
        api_key: str = sandbox_constants.WALLET_API_KEY,
        clock: Callable[[], float] = time.time,
        maker: Manufacturer | None = None,
        traits: DeviceTraits = PHONE,
        flow: Flow = Flow.QUICK,
        random_bytes: Callable[[int], bytes] = os.urandom,
        public_url: str | None = None,
        authorities: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.traits = traits
        self.device_id: str | None = None
        self.token_id: str | None = None
        self.is_locked = False
        self.has_network = True
        self.clock_ahead = 0.0
        self.is_tampered = False
        self._secure_element = SecureElement()
        self._maker = maker or Manufacturer()
        self._api_key = api_key
        self._clock = clock
        self._random_bytes = random_bytes
        self._application = PaymentApplication(self, Flow(flow), random_bytes)
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            trust_env=False,
            verify=authorities or trusted_authorities(),
        )
        self._public_url = (public_url or str(self._http.base_url)).rstrip("/")

    def __repr__(self) -> str:
        return f"Phone({self.name!r}, device={self.device_id}, token={self.token_id})"

    def close(self) -> None:
        """Close the connection to the vault."""
        self._http.close()

    def described(self, wrap: Wrap) -> dict[str, Any]:
        """All that has become of it since it was made, as JSON values. wrap: see `SecureElement.wrapped`."""
        return {name: getattr(self, name) for name in _STATE} | {
            "secure_element": base64.b64encode(self._secure_element.wrapped(wrap)).decode()
        }

    def put_back(self, described: Mapping[str, Any], unwrap: Unwrap) -> None:
        """Be again as `described` told, outside of every reader's field.

        Raises: ValueError or LookupError for another description, and what `unwrap` raises; nothing is changed then.
        """
        secure_element = SecureElement.unwrapped(base64.b64decode(described["secure_element"]), unwrap)
        state = {name: described[name] for name in _STATE}
        self._secure_element = secure_element
        vars(self).update(state)
        self._application.reset()

    # The wallet

    def register(self) -> str:
        """Register with the vault; returns the device's identifier. Raises: WalletRefused, NoNetwork."""
        certificate = self._maker.attest(self._secure_element.public_key(), self.name, self._clock())
        body = {
            "name": self.name,
            "kind": self.traits.kind,
            "attestation_certificates": [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()],
        }
        self.device_id = str(self.call("POST", "/v1/devices", body)["id"])
        return self.device_id

    def request_token(
        self,
        card_id: str | None,
        *,
        profile: str = "aes",
        keys: str = "secure_element",
        channels: Sequence[str] | None = None,
        countries: Sequence[str] = (),
        token_limit: int | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Request a token for a card; returns it with its decision.

        profile, keys, channels, countries, token_limit: see `token_wish`.  more: fields of the request, by the API's
        names.

        Raises: WalletRefused, NoNetwork.
        """
        body = {
            "card_id": card_id,
            "device_id": self.device_id,
            "token_requestor_id": sandbox_constants.TOKEN_REQUESTOR_ID,
        }
        body |= token_wish(profile=profile, keys=keys, channels=channels, countries=countries, token_limit=token_limit)
        token = self.call("POST", "/v1/tokens", body | more)
        self.token_id = str(token["id"])
        return token

    def activate(self) -> dict[str, Any]:
        """Activate the token and put its credentials into the secure element. Raises: WalletRefused, NoNetwork."""
        return self._fetch("activate")

    def refill(self) -> dict[str, Any]:
        """Get the next limited-use key. Raises: WalletRefused, NoNetwork."""
        return self._fetch("limited_use_keys")

    @property
    def _held(self) -> str | None:
        """The token that the phone can pay with: activated, with its credentials in the secure element."""
        return self.token_id if self.token_id is not None and self._secure_element.holds(self.token_id) else None

    @property
    def wants_refill(self) -> bool:
        """Whether the limited-use key should be replenished."""
        return self._held is not None and self._secure_element.wants_refill(self._held)

    @property
    def taps_left(self) -> int | None:
        """The remaining payments of the limited-use key; None if the phone has a card key."""
        return None if self._held is None else self._secure_element.taps_left(self._held)

    def _fetch(self, what: str) -> dict[str, Any]:
        activation = self.call("POST", f"/v1/tokens/{self.token_id}/{what}")
        self._secure_element.install(activation["sealed_credentials"], activation["hpke_info"])
        return dict(activation["token"])

    def send_code(self, method: str = "text_message") -> dict[str, Any]:
        """Request a one-time code. Raises: WalletRefused, NoNetwork."""
        return self.call("POST", f"/v1/tokens/{self.token_id}/verification", {"method": method})

    def enter_code(self, code: str) -> dict[str, Any]:
        """Complete the verification; returns the token. Raises: WalletRefused, NoNetwork."""
        return self.call("POST", f"/v1/tokens/{self.token_id}/verification/complete", {"code": code})

    def provision(self, card_id: str | None, **wish: Any) -> str:
        """Register where needed, request and activate; returns the token's identifier. wish: as `request_token` takes.

        Raises: WalletRefused, NoNetwork.
        """
        if self.device_id is None:
            self.register()
        token = self.request_token(card_id, **wish)
        self.activate()
        return str(token["id"])

    def change_token(self, change: str, initiator: str = "cardholder") -> dict[str, Any]:
        """suspend or resume the token. Raises: WalletRefused, NoNetwork."""
        return self.call("POST", f"/v1/tokens/{self.token_id}/{change}", {"initiator": initiator})

    def delete_token(self) -> dict[str, Any]:
        """Deactivate the token for good. Raises: WalletRefused, NoNetwork."""
        return self.call("DELETE", f"/v1/tokens/{self.token_id}")

    def factory_reset(self) -> None:
        """Delete all keys and tokens; credentials that were sealed to them cannot be opened again."""
        self._secure_element = SecureElement()
        self.device_id = self.token_id = None
        self.is_locked = self.is_tampered = False
        self._application.reset()

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make any call of the API, signed by this phone. Raises: WalletRefused, NoNetwork."""
        if not self.has_network:
            raise NoNetwork(f"{self.name} has no network")
        response = self._http.request(method, path, json=body, headers={"DPoP": self.proof(method, path)})
        answer: dict[str, Any] = response.json()
        if response.is_error:
            raise WalletRefused(response.status_code, answer)
        return answer

    def proof(self, method: str, path: str) -> str:
        """The DPoP proof of one call (RFC 9449), by the phone's own clock."""
        claims: dict[str, object] = {
            "jti": str(uuid.uuid4()),
            "htm": method,
            "htu": self._public_url + path,
            "iat": int(self._clock() + self.clock_ahead),
            "ath": access_token_hash(self._api_key),
        }
        return self._secure_element.sign_proof(claims)

    # The card

    def tap(self, terminal_values: Mapping[str, bytes]) -> CardAnswer:
        """The data that a reader receives from this phone. terminal_values: tag -> value. Raises: ReadingFailed."""
        return ContactlessReader().read(self, terminal_values)

    def transmit(self, encoded: bytes) -> bytes:
        """Answer one APDU."""
        return self._application.transmit(encoded)

    def leave_field(self) -> None:
        """Leave the reader's field."""
        self._application.reset()

    def personalization(self) -> Personalization:
        """The token that pays at the next tap. Raises: CannotPay."""
        if self._held is None or not self.traits.taps:
            raise CannotPay(apdu.NOT_FOUND, "there is no token to tap with")
        token = self._secure_element.credentials(self._held)
        return Personalization(
            bytes.fromhex(token["application_identifier"]),
            bytes.fromhex(token["application_interchange_profile"]),
            _track2(token).encode(),
            token["pan_sequence_number"],
            token["expiry"],
            bytes([self.traits.form_factor, 0, 0, 0]),
        )

    def sign(self, terminal_values: Mapping[str, bytes]) -> dict[str, bytes]:
        """The payment application's part of a contactless payment. Raises: CannotPay."""
        if self.is_locked and self.traits.verifies and not self.traits.stays_verified:
            raise CannotPay(apdu.SEE_PHONE, "it is locked")
        qualifiers = bytes([0, DEVICE_VERIFIED_CARDHOLDER if self.traits.verifies else 0])
        return self._signed(terminal_values, SignedFor.TAP) | {"9F6C": qualifiers}

    def transaction_counter(self) -> int:
        """The last counter used."""
        return 0 if self._held is None else self._secure_element.transaction_counter(self._held)

    def _signed(self, values: Mapping[str, bytes], signed_for: SignedFor) -> dict[str, bytes]:
        assert self.token_id is not None, "provision a token before paying"
        try:
            return self._secure_element.generate_cryptogram(
                self.token_id,
                values,
                signed_for=signed_for,
                cardholder_verified=self.traits.verifies,
                honours_limits=not self.is_tampered,
            )
        except NoKeysLeft as error:
            raise CannotPay(apdu.CONDITIONS_NOT_SATISFIED, str(error)) from None

    def _pay_on_screen(self, values: Mapping[str, bytes], signed_for: SignedFor) -> CardAnswer:
        """Sign what was confirmed on the screen. Raises: CannotDoThis."""
        if self.is_locked:
            raise CannotDoThis(f"{self.name} is locked")
        if self._held is None:
            raise CannotDoThis(f"{self.name} holds no token")
        token = self._secure_element.credentials(self._held)
        try:
            signed = self._signed(values, signed_for)
        except CannotPay as error:
            raise CannotDoThis(str(error)) from None
        return CardAnswer(_track2(token), token["pan_sequence_number"], signed)

    def show_code(self) -> str:
        """Show a QR code to be scanned (EMVCo QR CPM); returns its text. Raises: CannotDoThis."""
        if not self.traits.has_screen:
            raise CannotDoThis(f"{self.name} has no screen")
        number = {"9F37": self._random_bytes(4)}
        answer = self._pay_on_screen(consumer_presented.UNKNOWN_TO_THE_PHONE | number, SignedFor.QR_CODE)
        return consumer_presented.encode(
            answer.values["84"], answer.track2, answer.pan_sequence_number, answer.values | number
        )

    def confirm(self, terminal_values: Mapping[str, bytes]) -> CardAnswer:
        """Confirm a payment in an app. Raises: CannotDoThis."""
        if not self.traits.has_apps:
            raise CannotDoThis(f"{self.name} runs no apps")
        return self._pay_on_screen(terminal_values, SignedFor.REMOTE)

    def scan(self, code: str, amount_minor: int | None = None) -> ScannedPayment:
        """Scan a merchant's code and pay. amount_minor: entered by the customer if the code has no amount.

        Raises: EmvError where it is no code of this network; CannotDoThis.
        """
        if not self.traits.has_screen:
            raise CannotDoThis(f"{self.name} has no camera")
        merchant = MerchantCode.decode(code)
        amount = merchant.amount_minor if merchant.amount_minor is not None else amount_minor
        if amount is None:
            raise CannotDoThis("the code names no amount, and the customer gave none")
        values = consumer_presented.UNKNOWN_TO_THE_PHONE | {
            "9F02": bytes.fromhex(f"{amount:012d}"),
            "5F2A": bytes.fromhex(f"{CURRENCIES[merchant.currency].number:04d}"),
            "9F37": self._random_bytes(4),
        }
        return ScannedPayment(merchant, amount, values, self._pay_on_screen(values, SignedFor.QR_CODE))


def _track2(token: Mapping[str, str]) -> Track2:
    """Track 2 equivalent data of a token's credentials."""
    return Track2(token["token_pan"], token["expiry"], token["service_code"], "0")
