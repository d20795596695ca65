"""Authorization of calls: API keys with scopes, and the device's proof of possession."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tokenvault.callers.caller import Caller, Scope, current_caller
from tokenvault.calls.api_keys import key_with_secret
from tokenvault.devices.proof_of_possession import ProvenKey, verify_proof
from tokenvault.http.protocol.head import SENT_METHOD
from tokenvault.http.protocol.query import refuse_unknown_parameters
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Forbidden, Unauthenticated
from tokenvault.vocabulary.identifiers import Prefix, to_text
from tokenvault.vocabulary.tenants import DEFAULT_TENANT

_bearer = HTTPBearer(auto_error=False, scheme_name="api_key", description="An API key, see `docs/test-values.md`.")


@dataclass(frozen=True)
class ConfiguredKey:
    """An API key of the settings: what it is good for, and whose objects it works with."""

    scopes: frozenset[Scope]
    tenant: str = DEFAULT_TENANT


class ApiKeys:
    """The API keys that a server accepts: those of its settings, those that the vault keeps, and those that the server
    has made for itself. Shows none of them.
    """

    def __init__(self, vault: Vault, configured: Mapping[str, ConfiguredKey], calls_per_second: int | None) -> None:
        self._vault = vault
        self._calls_per_second = calls_per_second
        # Looked up by digest: how long that takes says nothing about the key.
        self._configured = {
            _digest(key): Caller(f"configured-{_digest(key).hex()[:8]}", frozenset(told.scopes), told.tenant)
            for key, told in configured.items()
        }
        self._own: dict[bytes, Caller] = {}

    def __repr__(self) -> str:
        return f"ApiKeys({len(self._configured)} configured)"

    def admit(self, key: str, caller: Caller) -> None:
        """Accept a key that this server has made for itself as long as it runs, however often it calls."""
        self._own[_digest(key)] = caller

    def configured(self, presented: str) -> tuple[Caller, int | None] | None:
        """The caller behind a key of the settings, or of the server's own, and its calls a second, or None; without
        looking into the vault.
        """
        digest = _digest(presented)
        if digest in self._own:
            return self._own[digest], None
        found = self._configured.get(digest)
        return None if found is None else (found, self._calls_per_second)

    def kept(self, presented: str) -> tuple[Caller, int | None] | None:
        """The caller behind a key that the vault keeps and its calls a second, or None."""
        key = key_with_secret(self._vault, presented)
        if key is None:
            return None
        limit = self._calls_per_second if key.calls_per_second is None else key.calls_per_second
        lineage = to_text(Prefix.API_KEY, key.lineage)
        return Caller(key.text_id, frozenset(key.scopes), key.tenant, lineage), limit

    def admits(self, presented: str) -> bool:
        """Whether a key is accepted at present. Raises: DatabaseUnavailable."""
        return self.configured(presented) is not None or self.kept(presented) is not None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


async def current_vault(request: Request) -> Vault:
    """The vault behind the application that serves this request."""
    vault: Vault = request.app.state.vault
    return vault


def _api_key(credentials: HTTPAuthorizationCredentials | None) -> str:
    if credentials is None:
        raise Unauthenticated("send an API key as 'Authorization: Bearer ...'")
    return credentials.credentials


def presented_key(request: Request) -> str:
    """The API key that a request was sent with, empty where it has none."""
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    return presented.strip() if scheme.lower() == "bearer" else ""


def requires(*scopes: Scope) -> Any:
    """A dependency that lets through API keys with one of these scopes.

    Every route has one, so what holds for all calls is held here: a query names only parameters of its call, and a key
    sees by what the call takes it for. So an issuer that is a wallet too is no wallet for tokens of others' wallets,
    which it sees because they are of its cards.
    """

    async def check(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> None:
        _api_key(credentials)
        caller = current_caller.get()
        if not caller.scopes:
            raise Unauthenticated("the API key is unknown")
        if caller.scopes.isdisjoint(scopes):
            raise Forbidden(f"this call requires an API key with the scope {' or '.join(scopes)}", code="missing_scope")
        refuse_unknown_parameters(request)
        current_caller.set(caller.acting_as(*scopes))  # whoever has set the caller takes this back with it

    return Depends(check)


def _url(request: Request) -> str:
    """The URL that the caller meant: the configured public one where a proxy stands in front.

    The path is the one that was sent, for a decoded `%2F` is another path.
    """
    public_url: str | None = request.app.state.public_url
    origin = public_url.rstrip("/") if public_url else f"{request.url.scheme}://{request.url.netloc}"
    sent: bytes = request.scope["raw_path"]
    return origin + sent.decode("latin-1")


def optional_device_proof(
    request: Request,
    vault: Annotated[Vault, Depends(current_vault)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    dpop: Annotated[
        str | None,
        Header(
            alias="DPoP",
            description="DPoP proof (RFC 9449) by the device's key, with `ath` over the API key.",
            examples=["eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2Iiwi..."],
        ),
    ] = None,
) -> ProvenKey | None:
    """The key that signed this call, or None where the caller sent no proof. A wrong proof is refused."""
    if dpop is None:
        return None
    if len(request.headers.getlist("DPoP")) > 1:
        raise Unauthenticated("send exactly one DPoP proof", code="invalid_dpop_proof")
    method = request.scope.get(SENT_METHOD, request.method)
    return verify_proof(vault, dpop, method, _url(request), _api_key(credentials))


async def device_proof(proven: Annotated[ProvenKey | None, Depends(optional_device_proof)]) -> ProvenKey:
    """The key that signed this call; a call without a proof is refused."""
    if proven is None:
        raise Unauthenticated(
            "this call requires a DPoP proof that is signed with the device's key", code="invalid_dpop_proof"
        )
    return proven


VaultDependency = Annotated[Vault, Depends(current_vault)]
DeviceProof = Annotated[ProvenKey, Depends(device_proof)]
OptionalDeviceProof = Annotated[ProvenKey | None, Depends(optional_device_proof)]
