"""What a network may learn of a token, and what speaks against the use of one."""

import calendar

import pytest

from tests.tokenvault.stories import active_token, ask_on_file, new_card, opened
from tests.tokenvault.tokens.test_token_activation import HOSTED, TERMINAL, usage_of
from tokenvault.emv.cryptograms.cryptogram_versions import SignedFor, with_results
from tokenvault.program.token_domain import DomainWish
from tokenvault.tokens.detokenization import VerificationFailed, detokenize
from tokenvault.tokens.file_cryptograms import make_cryptogram
from tokenvault.tokens.token_activation import card_key_of, replenish_key
from tokenvault.vocabulary.errors import FieldError


def chip_data(credentials, **changes):
    """What a terminal sends of a first tap, before it is signed."""
    return TERMINAL | {
        "82": bytes.fromhex(credentials["application_interchange_profile"]),
        "9F36": b"\0\1",
        "9F10": bytes.fromhex(credentials["issuer_application_data"]),
        **changes,
    }


def refusal(vault, token, values, **changes):
    """The code that a use of a token is refused with."""
    with pytest.raises(VerificationFailed) as refused:
        detokenize(vault, token.token_pan, usage_of(token, values, **changes))
    assert refused.value.status_hint == 409
    return refused.value.code


def test_a_token_is_good_to_the_end_of_its_month(vault, clock):
    """To the last second of it, in UTC, and no longer."""
    token = ask_on_file(vault, new_card(vault))
    values = make_cryptogram(vault, token.text_id, amount_minor=999, currency="EUR", country="276").values
    assert token.expiry == "2911"
    clock.now = calendar.timegm((2029, 11, 30, 23, 59, 59))
    assert detokenize(vault, token.token_pan, usage_of(token, values)).token.id == token.id
    clock.advance(1)
    assert refusal(vault, token, values) == "token_expired"


def test_countries(vault):
    """A token of some countries pays there; elsewhere, and where nobody says where, it does not."""
    token = ask_on_file(vault, new_card(vault), wish=DomainWish(countries=frozenset({"276", "250"})))
    values = make_cryptogram(vault, token.text_id, amount_minor=999, currency="EUR", country="276").values
    for country in ("276", "250"):
        assert detokenize(vault, token.token_pan, usage_of(token, values, country=country)).token.id == token.id
    for country in ("840", None):
        assert refusal(vault, token, values, country=country) == "country_not_allowed"


@pytest.mark.parametrize(
    ("channel", "wanted"),
    [("contactless", SignedFor.TAP), ("e_commerce", SignedFor.REMOTE), ("qr_code", SignedFor.QR_CODE)],
)
def test_a_cryptogram_is_good_in_the_channel_that_it_was_made_for(vault, channel, wanted):
    """A tap's cannot be used in a shop's browser, nor any other way round."""
    wish = DomainWish(channels=frozenset({"contactless", "e_commerce", "qr_code"}))
    _, token, credentials = active_token(vault, wish=wish)
    for signed in SignedFor:
        values = chip_data(
            credentials, **{"9F10": with_results(token_data(credentials), signed, cardholder_verified=True)}
        )
        values["9F26"] = token.version.arqc(card_key_of(vault, token), values)
        if signed is wanted:
            assert detokenize(vault, token.token_pan, usage_of(token, values, channel=channel)).token == token
        else:
            assert refusal(vault, token, values, channel=channel) == "wrong_entry_mode"


def token_data(credentials):
    """Tag 9F10 as personalized."""
    return bytes.fromhex(credentials["issuer_application_data"])


def test_a_cryptogram_that_names_another_key_is_refused(vault):
    """Also where it is right for this token's own key: the key index and the version are the token's."""
    _, token, credentials = active_token(vault)
    data = token_data(credentials)
    for other in (data[:1] + b"\x02" + data[2:], data[:2] + b"\x18" + data[3:]):
        values = chip_data(credentials, **{"9F10": other})
        values["9F26"] = token.version.arqc(card_key_of(vault, token), values)
        assert refusal(vault, token, values) == "invalid_cryptogram"


def test_the_key_before_the_newest_proves_nothing(vault):
    """The engine knows which taps came late; a network that asks gets its answer for the newest key alone."""
    phone, token, first = active_token(vault, **HOSTED)
    second = opened(phone, replenish_key(vault, phone.proven(), token.text_id))
    for credentials in (first, second):
        key = bytes.fromhex(credentials["limited_use_key"]["key"])
        values = chip_data(credentials)
        values["9F26"] = token.version.arqc(key, values)
        if credentials is second:
            assert detokenize(vault, token.token_pan, usage_of(token, values)).token.id == token.id
        else:
            assert refusal(vault, token, values) == "invalid_cryptogram"
    values["9F10"] = values["9F10"][:-4] + bytes([values["9F10"][-4] | 0x10]) + values["9F10"][-3:]
    values["9F26"] = token.version.arqc(key, values)
    assert refusal(vault, token, values) == "invalid_cryptogram"


def test_missing_chip_data_are_named(vault):
    """The field, and the tags that it lacks."""
    token = ask_on_file(vault, new_card(vault))
    values = make_cryptogram(vault, token.text_id, amount_minor=999, currency="EUR", country="276").values
    del values["9F26"], values["9A"]
    with pytest.raises(FieldError) as refused:
        detokenize(vault, token.token_pan, usage_of(token, values))
    assert (refused.value.field, refused.value.detail) == ("chip_data", "lacks 9A, 9F26")
