"""The sandbox's fixed, public test values: keys, ranges, wallets. Listed in ``docs/test-values.md``; protect nothing.

PANs begin with 9, which ISO/IEC 7812-1 leaves to national bodies: no such card is in circulation.
"""

from importlib.resources import files

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from simulators.compatibility.earlier_names import earlier_attribute
from tokenvault.program.card_program import RequestorKind, TokenRequestor
from tokenvault.program.token_domain import TokenDomain

FUNDING_BIN = "99990010"
TOKEN_BIN = "99995010"  # noqa: S105 - a number range
PAN_DIGITS = 16
PAR_PREFIX = "TPW1"

ISSUER_API_KEY = "tapwright-test-issuer"
WALLET_API_KEY = "tapwright-test-wallet"
NETWORK_API_KEY = "tapwright-test-network"
SANDBOX_API_KEY = "tapwright-test-sandbox"

TOKEN_REQUESTOR_ID = "99900000001"  # noqa: S105 - an identifier
TOKEN_REQUESTOR_NAME = "Tapwright Wallet"  # noqa: S105 - a name
MERCHANT_REQUESTOR_ID = "99900000002"
MERCHANT_ID = "TAPWRIGHTSHOP01"

EMV_MASTER_KEY_AES = "5441505752494748542D4145532D4B31"
EMV_MASTER_KEY_TDES = "54415057524947495EEA5D88D0A7C4B1"
EMV_MASTER_KEY_SM4 = "5441505752494748542D534D342D4B31"
EMV_KEY_INDEX = 1

KEY_ENCRYPTION_KEY = "5441505752494748542D4C494E452D31"
"""Wraps the message authentication keys of connections."""

PIN_BASE_KEY_TDES = "0123456789ABCDEFFEDCBA9876543210"
PIN_BASE_KEY_AES = "FEDCBA9876543210F1F1F1F1F1F1F1F1"


def __getattr__(name: str) -> object:
    """The key was named `LINE_KEY` until version 0.1."""
    return earlier_attribute(__name__, name, {"LINE_KEY": f"{__name__}.KEY_ENCRYPTION_KEY"})


def token_requestors() -> tuple[TokenRequestor, ...]:
    """The requestors that are there from the start: a wallet, and a shop that keeps cards on file."""
    return (
        TokenRequestor(
            TOKEN_REQUESTOR_ID, TOKEN_REQUESTOR_NAME, TokenDomain(frozenset({"contactless", "e_commerce", "qr_code"}))
        ),
        TokenRequestor(
            MERCHANT_REQUESTOR_ID,
            "Tapwright Shop",
            TokenDomain(frozenset({"e_commerce"}), MERCHANT_ID),
            RequestorKind.MERCHANT,
        ),
    )


def manufacturer_root() -> x509.Certificate:
    """The certificate that vouches for sandbox devices."""
    return x509.load_pem_x509_certificate(
        files("simulators.parties").joinpath("sandbox_keys/manufacturer_root.pem").read_bytes()
    )


def manufacturer_root_key() -> ec.EllipticCurvePrivateKey:
    """Its private key, public like everything here: anyone may make sandbox devices."""
    data = files("simulators.parties").joinpath("sandbox_keys/manufacturer_root_key.pem").read_bytes()
    key = load_pem_private_key(data, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
