"""API keys in the settings: their scopes and their tenant."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulators.parties import sandbox_constants
from tokenvault.callers.caller import Scope
from tokenvault.vocabulary.tenants import DEFAULT_TENANT, TENANT_PATTERN


class ConfiguredApiKey(BaseModel):
    """What an API key is good for, and whose objects it works with; a list of scopes alone is the default tenant's."""

    model_config = ConfigDict(extra="forbid")

    scopes: list[Scope]
    tenant: str = Field(default=DEFAULT_TENANT, pattern=TENANT_PATTERN)

    @model_validator(mode="before")
    @classmethod
    def _of_scopes(cls, told: Any) -> Any:
        return {"scopes": told} if isinstance(told, list) else told


def sandbox_api_keys() -> dict[str, ConfiguredApiKey]:
    """The sandbox's fixed, public keys: one for each side, and one that may do everything."""
    by_key = {
        sandbox_constants.ISSUER_API_KEY: [Scope.ISSUER],
        sandbox_constants.WALLET_API_KEY: [Scope.WALLET],
        sandbox_constants.NETWORK_API_KEY: [Scope.NETWORK],
        sandbox_constants.SANDBOX_API_KEY: list(Scope),
    }
    return {key: ConfiguredApiKey(scopes=scopes) for key, scopes in by_key.items()}
