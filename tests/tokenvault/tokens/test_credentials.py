"""What a phone opens: the layout of token credentials, written and read."""

import json

import pytest

from tests.tokenvault.stories import active_token
from tokenvault.emv.cryptograms.cryptogram_versions import LIMITED_USE_AES, TAPWRIGHT_AES
from tokenvault.tokens.credentials import FORMAT, LimitedUseKey, TokenCredentials, token_issuer_data
from tokenvault.tokens.tokens import TokenLocation
from tokenvault.vocabulary.errors import FieldError


@pytest.mark.parametrize("location", [TokenLocation.SECURE_ELEMENT, TokenLocation.HOST_CARD_EMULATION])
def test_what_was_written_is_read_again(vault, location):
    """With the card key or with a limited-use key: the same credentials, and no member that says nothing."""
    _, token, opened = active_token(vault, location=location)
    read = TokenCredentials.decode(json.dumps(opened).encode())
    assert (read.token_id, read.token_pan, read.expiry) == (token.text_id, token.token_pan, token.expiry)
    assert read.cryptogram_version is token.version
    assert (read.card_key is None) == (location is TokenLocation.HOST_CARD_EMULATION)
    if location is TokenLocation.HOST_CARD_EMULATION:
        assert read.limited_use_key == LimitedUseKey(**opened["limited_use_key"])
    assert json.loads(read.encode()) == opened
    assert None not in opened.values()


def test_no_key_shows_in_a_log(vault):
    """Credentials and limited-use keys are shown by what they are called."""
    _, token, opened = active_token(vault, location=TokenLocation.HOST_CARD_EMULATION)
    read = TokenCredentials.decode(json.dumps(opened).encode())
    assert repr(read) == f"TokenCredentials({token.text_id})"
    assert repr(read.limited_use_key) == f"LimitedUseKey({opened['limited_use_key']['index']})"


@pytest.mark.parametrize(
    ("plaintext", "field"),
    [
        (b'{"format": "tapwright-token-credentials-0"}', "format"),
        (b"{}", "format"),
        (b'{"format": "' + FORMAT.encode() + b'"}', "credentials"),
        (b'{"format": "' + FORMAT.encode() + b'", "limited_use_key": 7}', "credentials"),
        (b"[]", "credentials"),
        (b"\xff", "credentials"),
        (b"[" * 100_000, "credentials"),
    ],
    ids=["another_format", "no_format", "members_missing", "no_key", "no_object", "no_text", "too_deep"],
)
def test_what_no_vault_wrote_is_refused(plaintext, field):
    """By the member that is wrong, or as a whole."""
    with pytest.raises(FieldError) as refused:
        TokenCredentials.decode(plaintext)
    assert refused.value.field == field


def test_issuer_data():
    """Tag 9F10 as the wallet guide prints it: length, key index, version, results, and the limited-use key's index."""
    assert token_issuer_data(TAPWRIGHT_AES, 1)[:2].hex() == "0601"
    assert token_issuer_data(TAPWRIGHT_AES, 1)[3:].hex() == "03a00000"
    limited = token_issuer_data(LIMITED_USE_AES, 2, "6120101").hex()
    assert (limited[:4], limited[6:]) == ("0a02", "03a0000006120101")
