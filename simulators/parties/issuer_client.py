"""A client of the issuer's side of the HTTP API: opens accounts, issues cards, asks for balances and explanations."""

import json
from typing import Any, Self

import httpx
from joserfc import jwe
from joserfc.jwk import ECKey

from simulators.parties import sandbox_constants
from tokenvault.outgoing.outgoing_tls import trusted_authorities

_SEALING = {"alg": "ECDH-ES", "enc": "A256GCM"}


class IssuerRefused(Exception):
    """The server answered with a problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem


def answer_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer, an empty object for an empty one; a problem if it is not JSON, as from another server."""
    try:
        answer = response.json() if response.content else {}
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return answer
    raise IssuerRefused(response.status_code, {"code": "no_json", "detail": f"{response.url} is no Tapwright server"})


class Issuer:
    """Calls with one API key. seconds_max: how long an answer may take."""

    def __init__(
        self, base_url: str, api_key: str = sandbox_constants.ISSUER_API_KEY, *, seconds_max: float = 5.0
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            trust_env=False,
            verify=trusted_authorities(),
            timeout=seconds_max,
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_account(
        self,
        currency: str,
        credit_limit: int,
        transaction_limit: int | None = None,
        *,
        product: int | None = None,
        cut_day: int | None = None,
        segment: int | None = None,
        life_stage: int | None = None,
    ) -> dict[str, Any]:
        """Open an account; amounts in minor units. Raises: IssuerRefused.

        product: its number in the program, None for none.  cut_day: the day of the month of its cuts, 1 where None.
        segment: the one that it is pinned to, None for none.  life_stage: of its customer, None where it is not known.
        """
        body = {"currency": currency, "credit_limit": credit_limit, "transaction_limit": transaction_limit}
        further = {"product": product, "cut_day": cut_day, "segment": segment, "life_stage": life_stage}
        given = {name: value for name, value in further.items() if value is not None}
        return self.call("POST", "/v1/accounts", body | given)

    def issue_card(self, account_id: str, **contact_points: str) -> dict[str, Any]:
        """Issue a card. contact_points: text_message, e_mail. Raises: IssuerRefused."""
        return self.call("POST", "/v1/cards", {"account_id": account_id, "contact_points": contact_points})

    def set_pin(self, card_id: str, pin: str) -> None:
        """Set a card's PIN, sealed on its way. Raises: IssuerRefused."""
        key = ECKey.import_key(self.call("GET", "/v1/encryption_keys")["keys"][0])
        text = json.dumps({"pin": pin}).encode()
        sealed = jwe.encrypt_compact(_SEALING, text, key, algorithms=list(_SEALING.values()))
        self.call("PUT", f"/v1/cards/{card_id}/pin", {"sealed_pin": sealed})

    def set_frozen(self, card_id: str, frozen: bool) -> dict[str, Any]:
        """Freeze or unfreeze a card. Raises: IssuerRefused."""
        return self.call("POST", f"/v1/cards/{card_id}/{'freeze' if frozen else 'unfreeze'}")

    def change_token(self, token_id: str, change: str) -> dict[str, Any]:
        """suspend or resume a token as its issuer. Raises: IssuerRefused."""
        return self.call("POST", f"/v1/tokens/{token_id}/{change}", {"initiator": "issuer"})

    def balance(self, account_id: str) -> dict[str, Any]:
        """Limit, posted, held and available, minor units. Raises: IssuerRefused."""
        return self.call("GET", f"/v1/accounts/{account_id}/balance")

    def authorization(self, authorization_id: str) -> dict[str, Any]:
        """A decision with its checks. Raises: IssuerRefused."""
        return self.call("GET", f"/v1/authorizations/{authorization_id}")

    def document(self, path: str, media_type: str) -> bytes:
        """What is at a path, in a form other than JSON. Raises: IssuerRefused."""
        response = self._http.get(path, headers={"Accept": media_type})
        if response.is_error:
            raise IssuerRefused(response.status_code, answer_of(response))
        if response.headers.get("content-type") != media_type:
            raise IssuerRefused(response.status_code, {"code": "other_form", "detail": f"{path} is not {media_type}"})
        return response.content

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make any call of the API; an empty answer is an empty object. Raises: IssuerRefused."""
        response = self._http.request(method, path, json=body)
        answer = answer_of(response)
        if response.is_error:
            raise IssuerRefused(response.status_code, answer)
        return answer
