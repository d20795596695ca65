"""The sandbox's fixed, public test values: keys, ranges, wallets. Listed in ``docs/test-values.md``; protect nothing.

PANs begin with 9, which ISO/IEC 7812-1 leaves to national bodies: no such card is in circulation.
"""

from importlib.resources import files

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

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

EMV_MASTER_KEY_AES = "5441505752494748542D4145532D4B31"
EMV_MASTER_KEY_TDES = "54415057524947495EEA5D88D0A7C4B1"
EMV_KEY_INDEX = 1


def manufacturer_root() -> x509.Certificate:
    """The certificate that vouches for sandbox devices."""
    return x509.load_pem_x509_certificate(
        files("simulators").joinpath("sandbox_keys/manufacturer_root.pem").read_bytes()
    )


def manufacturer_root_key() -> ec.EllipticCurvePrivateKey:
    """Its private key, public like everything here: anyone may make sandbox devices."""
    data = files("simulators").joinpath("sandbox_keys/manufacturer_root_key.pem").read_bytes()
    key = load_pem_private_key(data, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
