"""Phones that callers of the HTTP API hold in their hands: each a wallet that calls this server, and a card at taps."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from simulators.simulations.addresses import Addresses
from simulators.simulations.belongings import Belongings
from simulators.simulations.wallet_keys import WalletKeys
from simulators.wallet.card.device_kinds import DEVICE_KINDS
from simulators.wallet.card.payment_application import Flow
from simulators.wallet.card.secure_element import Unwrap, Wrap
from simulators.wallet.phone import Phone, WalletRefused
from simulators.wallet.token_wishes import ALL_CHANNELS
from tokenvault.cards.accounts import find_account
from tokenvault.cards.cards import card_numbered
from tokenvault.tokens.lifecycle import TokenState
from tokenvault.tokens.tokens import Token, find_token
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import CallerError, Conflict
from tokenvault.vocabulary.identifiers import Prefix, to_text

_PASSED_ON = frozenset({404, 409, 422, 429})
"""What the vault refuses because of what was asked for; anything else it refuses the phone itself."""


class PhoneRefused(CallerError):
    """The vault refused a call that a simulated phone made for its caller: the same status, code and fields."""

    def __init__(self, refused: WalletRefused) -> None:
        problem = refused.problem
        super().__init__(str(problem.get("detail", refused)), code=str(problem.get("code", Conflict.code)))
        self.status_hint = refused.status if refused.status in _PASSED_ON else Conflict.status_hint
        self._fields = [(each["field"], each["message"]) for each in problem.get("errors", [])]

    @property
    def fields(self) -> list[tuple[str, str]]:
        """See `CallerError.fields`."""
        return self._fields


@dataclass
class SimulatedPhone:
    """A phone with its identifier. kind: of `DEVICE_KINDS`.  currency: of the account behind its token, ISO 4217.

    lock: held by whoever uses it, for a phone does one thing at a time.
    """

    id: str
    kind: str
    flow: Flow
    phone: Phone
    currency: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def described(self, wrap: Wrap) -> dict[str, Any]:
        """How it was made, and all that has become of it, as JSON values; nobody uses it meanwhile.

        wrap: see `SecureElement.wrapped`.
        """
        with self.lock:
            return {
                "id": self.id,
                "kind": self.kind,
                "flow": self.flow.value,
                "name": self.phone.name,
                "currency": self.currency,
                "device": self.phone.described(wrap),
            }


class SimulatedPhones:
    """The phones of one sandbox."""

    def __init__(self, vault: Vault, addresses: Addresses, keys: WalletKeys) -> None:
        self.kept: Belongings[SimulatedPhone] = Belongings("phone")
        self._vault = vault
        self._addresses = addresses
        self._keys = keys

    def make(self, name: str, kind: str, flow: Flow) -> SimulatedPhone:
        """A phone without a token. Raises: Conflict where there are too many."""
        identifier = to_text(Prefix.SIMULATED_PHONE, self._vault.new_number())
        made = self._made(identifier, name, kind, flow, self._keys.own())
        try:
            self.kept.keep(made)
        except Conflict:
            made.phone.close()
            raise
        return made

    def made_again(self, described: Mapping[str, Any], tenant: str, unwrap: Unwrap) -> SimulatedPhone:
        """The phone of a tenant that `SimulatedPhone.described` told.

        Raises: ValueError, TypeError, AttributeError or LookupError for another description, and what `unwrap` raises.
        """
        name, kind, flow = described["name"], described["kind"], Flow(described["flow"])
        made = self._made(described["id"], name, kind, flow, self._keys.of(tenant))
        made.currency = described["currency"]
        try:
            made.phone.put_back(described["device"], unwrap)
        except BaseException:
            made.phone.close()
            raise
        return made

    def _made(self, identifier: str, name: str, kind: str, flow: Flow, api_key: str) -> SimulatedPhone:
        phone = Phone(
            self._addresses.http_url,
            name=name,
            api_key=api_key,
            clock=self._vault.proof_time,
            traits=DEVICE_KINDS[kind],
            flow=flow,
            random_bytes=self._vault.random_bytes,
            public_url=self._addresses.public_url,
            authorities=self._addresses.http_tls,
        )
        return SimulatedPhone(identifier, kind, flow, phone)

    def make_ready(self, name: str, kind: str, flow: Flow, card_id: str) -> SimulatedPhone:
        """A phone that has asked for a token of a card; no phone where that is refused. Raises: as `provision`."""
        made = self.make(name, kind, flow)
        try:
            return self.provision(made.id, {"card_id": card_id})
        except CallerError:
            self.remove(made.id)
            raise

    def provision(self, identifier: str, wish: dict[str, Any]) -> SimulatedPhone:
        """Register where needed, ask for a token, and activate it if it is approved at once.

        wish: fields of a request for a token by the API's names; every channel of a wallet where it names none.
        Raises: NotFound; PhoneRefused; Conflict where the phone cannot call this server.
        """
        with self._used(identifier) as held:
            phone = held.phone
            if phone.device_id is None:
                phone.register()
            named = {name: value for name, value in wish.get("domain", {}).items() if value is not None}
            domain = {"channels": list(ALL_CHANNELS)} | named
            asked = {"card_id": None} | wish | {"domain": domain}
            token = phone.request_token(asked.pop("card_id"), **asked)
            held.currency = self._currency_of(str(token["id"]))
            self._activate(phone, token)
            return held

    def send_code(self, identifier: str, method: str) -> SimulatedPhone:
        """Have the vault send a one-time code. Raises: as `provision`."""
        with self._used(identifier) as held:
            _with_token(held).send_code(method)
            return held

    def enter_code(self, identifier: str, code: str) -> SimulatedPhone:
        """Enter a one-time code; the token that it approves is activated. Raises: as `provision`."""
        with self._used(identifier) as held:
            phone = _with_token(held)
            self._activate(phone, phone.enter_code(code))
            return held

    def refill(self, identifier: str) -> SimulatedPhone:
        """Get the next limited-use key. Raises: as `provision`."""
        with self._used(identifier) as held:
            _with_token(held).refill()
            return held

    def call(self, identifier: str, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """Make a call about its token that the phone signs; returns the answer. path: behind `/v1/tokens/{id}/`.

        Raises: as `provision`.
        """
        with self._used(identifier) as held:
            phone = _with_token(held)
            return phone.call(method, f"/v1/tokens/{phone.token_id}/{path}", body)

    def set_locked(self, identifier: str, *, locked: bool) -> SimulatedPhone:
        """Lock a phone, or unlock it. Raises: NotFound."""
        with self._used(identifier) as held:
            held.phone.is_locked = locked
            return held

    def remove(self, identifier: str) -> None:
        """Forget a phone with its keys; its token stays as it is. Raises: NotFound."""
        held = self.kept.take(identifier)
        with held.lock:
            held.phone.close()

    def with_token(self, token_id: str) -> SimulatedPhone:
        """The caller's phone that holds a token. Raises: Conflict."""
        for held in self.kept.own():
            if held.phone.token_id == token_id:
                return held
        raise Conflict("no simulated phone holds this token: provision one, and pay with its token", code="no_phone")

    def token_of(self, held: SimulatedPhone) -> Token | None:
        """The token that a phone asked for last, as the vault has it now."""
        return None if held.phone.token_id is None else find_token(self._vault, held.phone.token_id)

    def close(self) -> None:
        """Hang up everywhere, when what runs has ended."""
        for held in self.kept.take_everything():
            with held.lock:
                held.phone.close()

    @contextmanager
    def _used(self, identifier: str) -> Iterator[SimulatedPhone]:
        """A phone for oneself; what its calls are refused for, and what keeps them from being made, is the caller's."""
        held = self.kept.find(identifier)
        with held.lock:
            try:
                yield held
            except WalletRefused as refused:
                raise PhoneRefused(refused) from None
            except httpx.TransportError as error:
                raise Conflict(
                    f"the simulated phone cannot call this server: {error}", code="server_unreachable"
                ) from None

    @staticmethod
    def _activate(phone: Phone, token: dict[str, Any]) -> None:
        if token["state"] == TokenState.INACTIVE:
            phone.activate()

    def _currency_of(self, token_id: str) -> str:
        token = find_token(self._vault, token_id)
        with self._vault.reading() as connection:
            card = card_numbered(connection, token.card_id)
        return find_account(self._vault, to_text(Prefix.ACCOUNT, card.account_id)).currency


def _with_token(held: SimulatedPhone) -> Phone:
    if held.phone.token_id is None:
        raise Conflict("this phone has not asked for a token yet: provision it", code="no_token")
    return held.phone
