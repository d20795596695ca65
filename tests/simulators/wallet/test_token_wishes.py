"""What a wallet asks of its token, as the API takes it."""

import pytest

from simulators.wallet.token_wishes import ALL_CHANNELS, token_wish
from tokenvault.http.fields.token_views import DomainBody

USUAL = {"cryptogram_profile": "aes", "location": "secure_element"}


@pytest.mark.parametrize(
    ("wish", "body"),
    [
        ({}, USUAL),
        ({"profile": "sm4"}, USUAL | {"cryptogram_profile": "sm4"}),
        ({"keys": "limited_use"}, USUAL | {"location": "host_card_emulation"}),
        ({"channels": ("contactless",)}, USUAL | {"domain": {"channels": ["contactless"]}}),
        ({"channels": ()}, USUAL | {"domain": {"channels": []}}),
        ({"countries": ("276", "040")}, USUAL | {"domain": {"countries": ["276", "040"]}}),
        ({"token_limit": 0}, USUAL | {"domain": {"transaction_limit": 0}}),
    ],
)
def test_the_body_of_a_request(wish, body):
    """What is not wished is left to the API; an empty list of channels and a limit of zero are wishes."""
    assert token_wish(**wish) == body


def test_all_channels_are_channels():
    """The API knows each of them."""
    assert DomainBody(channels=list(ALL_CHANNELS)).channels
