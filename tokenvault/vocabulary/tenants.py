"""Names of tenants: each object of the vault belongs to one, see `callers.ownership`."""

import re

from tokenvault.vocabulary.errors import FieldError

DEFAULT_TENANT = "default"
TENANT_CHARACTERS_MAX = 32
TENANT_PATTERN = f"^[a-z0-9_-]{{1,{TENANT_CHARACTERS_MAX}}}$"
"""What the name of a tenant is."""


def check_tenant(name: str, field: str = "tenant") -> str:
    """Return a tenant's name as it came. Raises: FieldError."""
    if re.fullmatch(TENANT_PATTERN, name) is None:
        raise FieldError(field, f"must have 1 to {TENANT_CHARACTERS_MAX} characters of a-z, 0-9, - and _")
    return name
