"""Who may call what: API keys with scopes, and the device's proof of possession."""

import hmac
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tokenvault.errors import Forbidden, Unauthenticated
from tokenvault.proof_of_possession import ProvenKey, verify_proof
from tokenvault.vault import Vault

_bearer = HTTPBearer(auto_error=False, scheme_name="api_key", description="An API key, see `docs/test-values.md`.")


class Scope(StrEnum):
    """What an API key is good for."""

    ISSUER = "issuer"
    WALLET = "wallet"
    NETWORK = "network"
    SANDBOX = "sandbox"


class ApiKeys:
    """The API keys that a server accepts. Its repr shows none of them."""

    def __init__(self, scopes_by_key: Mapping[str, frozenset[Scope]]) -> None:
        self._scopes_by_key = scopes_by_key

    def __repr__(self) -> str:
        return f"ApiKeys({len(self._scopes_by_key)} keys)"

    def scopes(self, presented: str) -> frozenset[Scope]:
        """The scopes of a key, none for an unknown one; compared in constant time."""
        found: frozenset[Scope] = frozenset()
        for key, scopes in self._scopes_by_key.items():
            if hmac.compare_digest(key.encode(), presented.encode()):
                found = scopes
        return found


def current_vault(request: Request) -> Vault:
    """The vault behind the application that serves this request."""
    vault: Vault = request.app.state.vault
    return vault


def _api_key(credentials: HTTPAuthorizationCredentials | None) -> str:
    if credentials is None:
        raise Unauthenticated("send an API key as 'Authorization: Bearer ...'")
    return credentials.credentials


def requires(*scopes: Scope) -> Any:
    """A dependency that lets through API keys with one of these scopes and gives their scopes."""

    def check(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> frozenset[Scope]:
        held: frozenset[Scope] = request.app.state.api_keys.scopes(_api_key(credentials))
        if not held:
            raise Unauthenticated("this API key is not known")
        if held.isdisjoint(scopes):
            raise Forbidden(f"this call takes an API key with the scope {' or '.join(scopes)}", code="missing_scope")
        return held

    return Depends(check)


def _url(request: Request) -> str:
    """The URL that the caller meant: the configured public one where a proxy stands in front."""
    public_url: str | None = request.app.state.public_url
    return public_url.rstrip("/") + request.url.path if public_url else str(request.url)


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
    return verify_proof(vault, dpop, request.method, _url(request), _api_key(credentials))


def device_proof(proven: Annotated[ProvenKey | None, Depends(optional_device_proof)]) -> ProvenKey:
    """The key that signed this call; a call without a proof is refused."""
    if proven is None:
        raise Unauthenticated("this call takes a DPoP proof by the device's key", code="invalid_dpop_proof")
    return proven


VaultDependency = Annotated[Vault, Depends(current_vault)]
DeviceProof = Annotated[ProvenKey, Depends(device_proof)]
OptionalDeviceProof = Annotated[ProvenKey | None, Depends(optional_device_proof)]
