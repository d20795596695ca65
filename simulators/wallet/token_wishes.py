"""The options of a token request in scenarios, tests and the command line, as the API takes them."""

from collections.abc import Sequence
from typing import Any

ALL_CHANNELS = ("contactless", "e_commerce", "qr_code")


def token_wish(
    *,
    profile: str = "aes",
    keys: str = "secure_element",
    channels: Sequence[str] | None = None,
    countries: Sequence[str] = (),
    token_limit: int | None = None,
) -> dict[str, Any]:
    """Fields of a request for a token.

    profile: of its cryptograms: aes, tdes or sm4.  keys: secure_element for the card key, limited_use for keys for a
    few taps.  channels, countries (ISO 3166 numeric): where it may pay; the API's default and everywhere if left out.
    token_limit: the most at once, minor units.
    """
    domain: dict[str, Any] = {}
    if channels is not None:
        domain["channels"] = list(channels)
    if countries:
        domain["countries"] = list(countries)
    if token_limit is not None:
        domain["transaction_limit"] = token_limit
    location = "host_card_emulation" if keys == "limited_use" else "secure_element"
    return {"cryptogram_profile": profile, "location": location} | ({"domain": domain} if domain else {})
