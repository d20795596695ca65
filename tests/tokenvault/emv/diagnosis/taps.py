"""A tap of each kind of card, from fixed values, as tests of the diagnosis begin with."""

from tokenvault.emv.cryptograms.cryptogram_versions import TAPWRIGHT_AES, VSDC_18, issuer_application_data
from tokenvault.emv.diagnosis.computation import Computation
from tokenvault.emv.diagnosis.mistakes_in_keys import KeySource

ISSUER_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PAN, FUNDING_PAN, PSN, INDEX = "9999501012345678", "9999001000000017", "01", "6789012"
VALUES = {
    "9F02": bytes.fromhex("000000001250"),
    "9F03": bytes.fromhex("000000000500"),
    "9F1A": bytes.fromhex("0276"),
    "95": bytes.fromhex("8000048000"),
    "5F2A": bytes.fromhex("0978"),
    "9A": bytes.fromhex("261124"),
    "9C": bytes.fromhex("09"),
    "9F37": bytes.fromhex("52BF4585"),
    "82": bytes.fromhex("1980"),
    "9F36": bytes.fromhex("011C"),
}
EXTRA = {"84": bytes.fromhex("F0000054415057"), "9F33": bytes.fromhex("E0F0C8")}
"""Other tags of the payment, which no cryptogram covers."""


def computation_of(version=VSDC_18, **changes):
    """A computation and what its key comes from. changes: of `VALUES`."""
    index = INDEX if version.uses_limited_keys else None
    data = issuer_application_data(version, 1, bytes.fromhex("03A40000"), index)
    source = KeySource(ISSUER_KEY, PAN, PSN, version.option, index, FUNDING_PAN)
    key = source.card_key()
    if index is not None:
        key = version.limited_use_key(key, index)
    return Computation(version, key, {**VALUES, "9F10": data, **changes}), source


def aes_tap():
    """The same under AES."""
    return computation_of(TAPWRIGHT_AES)
