"""The published test vectors over HTTP: all of them, value by value, for every scope."""

import httpx
import pytest

from simulators.parties import sandbox_constants
from tokenvault.emv.diagnosis.published_vectors import published_vectors

VECTORS = published_vectors()


@pytest.mark.parametrize("scope", ["issuer", "wallet", "network", "sandbox"])
def test_the_api_has_them(sandbox, scope):
    """All of them, for every scope; nobody without a key."""
    key = getattr(sandbox_constants, f"{scope.upper()}_API_KEY")
    url = f"{sandbox.http_url}/v1/test_vectors"
    told = httpx.get(url, headers={"Authorization": f"Bearer {key}"}).json()
    assert [each["id"] for each in told["data"]] == [vector.id for vector in VECTORS]
    assert told["has_more"] is False
    for each, vector in zip(told["data"], VECTORS, strict=True):
        computation, limited = vector.computation, vector.limited_use_key
        assert each == {
            "id": vector.id,
            "profile": vector.version.name,
            "cryptogram_version": f"{vector.version.number:02X}",
            "cipher": vector.version.cipher,
            "issuer_key": vector.issuer_key.hex().upper(),
            "pan": vector.pan,
            "pan_sequence_number": vector.psn,
            "card_key_derivation": vector.version.option,
            "card_key": vector.card_key.hex().upper(),
            "limited_use_key_index": vector.limited_use_key_index,
            "limited_use_key": limited and limited.hex().upper(),
            "session_key_derivation": vector.version.session_key_method,
            "session_key": computation.session_key.hex().upper(),
            "tags": {tag: value.hex().upper() for tag, value in vector.values.items()},
            "input": computation.data.hex().upper(),
            "padding": computation.padding.hex().upper(),
            "arqc": computation.arqc.hex().upper(),
            "arpc_method": vector.version.arpc_method,
            "arpc_data": vector.answer.hex().upper(),
            "arpc": vector.arpc.hex().upper(),
        }
    assert httpx.get(url).status_code == 401
