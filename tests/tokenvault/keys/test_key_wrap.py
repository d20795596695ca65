"""Key wrapping with padding, as the vault uses it, against published values."""

import pytest
from cryptography.hazmat.primitives import keywrap

from tests.vector_files import octets, rows


@pytest.mark.parametrize("row", rows("aes_kwp"))
def test_key_wrap(row):
    """Wrapped and unwrapped as published."""
    kek, key, wrapped = (octets(row, name) for name in ("kek", "key", "wrapped"))
    assert keywrap.aes_key_wrap_with_padding(kek, key) == wrapped
    assert keywrap.aes_key_unwrap_with_padding(kek, wrapped) == key
