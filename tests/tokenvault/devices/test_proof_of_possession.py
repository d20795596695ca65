"""DPoP proofs: each claim counts, each works once, and whatever is sent is refused with one error."""

import base64
import json

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from tests.tokenvault.phones import URL, WALLET_KEY, Phone
from tokenvault.devices.proof_of_possession import AGE_SECONDS_MAX, verify_proof
from tokenvault.storage import schema
from tokenvault.storage.database import reading
from tokenvault.vocabulary.errors import Unauthenticated


def _verify(vault, proof, method="POST", url=URL, key=WALLET_KEY):
    return verify_proof(vault, proof, method, url, key)


def test_a_good_proof_names_its_key(vault, phone):
    """The proven key is the one in the secure element; query and fragment of the URL do not count."""
    proven = _verify(vault, phone.proof(), url=URL + "?page=2#top")
    assert proven.key.public_key == phone.secure_element.public_key()
    assert _verify(vault, phone.proof(htu=URL.upper().replace("/V1/DEVICES", "/v1/devices"))) is not None


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"htm": "GET"}, "htm"),
        ({"htm": "post"}, "htm"),
        ({"htm": None}, "htm"),
        ({"htu": URL + "/x"}, "htu"),
        ({"htu": URL.replace("https", "http")}, "htu"),
        ({"htu": "http://[bad"}, "htu"),
        ({"htu": URL.replace("//", "//wallet@")}, "htu"),
        ({"htu": URL.replace(".example", ".example.")}, "htu"),
        ({"htu": URL.replace(".example", ".example:8443")}, "htu"),
        ({"htu": URL.replace("/v1/", "/v1%2F")}, "htu"),
        ({"htu": [URL]}, "htu"),
        ({"htu": None}, "htu"),
        ({"htu": 5}, "htu"),
        ({"iat": None}, "iat"),
        ({"iat": "now"}, "iat"),
        ({"iat": True}, "iat"),
        ({"ath": None}, "ath"),
        ({"ath": "x"}, "ath"),
        ({"ath": ["x"]}, "ath"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": "x" * 129}, "jti"),
        ({"jti": 7}, "jti"),
    ],
)
def test_each_claim_counts(vault, phone, changes, claim):
    """A proof with one claim spoilt is refused, and the refusal names the claim."""
    with pytest.raises(Unauthenticated, match=claim) as refused:
        _verify(vault, phone.proof(**changes))
    assert refused.value.code == "invalid_dpop_proof"


def test_a_deeply_nested_proof_is_refused(vault):
    """JSON that nests deeper than a parser follows is no proof, and no error of ours."""
    header = base64.urlsafe_b64encode(b"[" * 3000).decode()
    with pytest.raises(Unauthenticated, match="signed JWT"):
        _verify(vault, header + "..")


@pytest.mark.parametrize(
    "htu",
    [
        "HTTPS://Vault.EXAMPLE/v1/devices",
        "https://vault.example:443/v1/devices",
        "https://vault.example:/v1/devices",
        "https://vault.example/%761/de%76ices",
        "https://vault.example/v2/../v1/./devices",
        "https://vault.example/v1/devices?page=1#top",
    ],
)
def test_the_url_is_compared_after_normalization(vault, phone, htu):
    """However a wallet's library writes the URL of the call, it is the same URL (RFC 9449, 4.3)."""
    assert _verify(vault, phone.proof(htu=htu))


@pytest.mark.parametrize("off", [-AGE_SECONDS_MAX, 0, AGE_SECONDS_MAX])
def test_proofs_of_this_minute_are_taken(vault, phone, off):
    """Up to a minute off, either way."""
    assert _verify(vault, phone.proof(iat=vault.now() + off))


@pytest.mark.parametrize("off", [-AGE_SECONDS_MAX - 1, AGE_SECONDS_MAX + 1, float("nan"), float("inf")])
def test_other_proofs_are_not(vault, phone, off):
    """Later, earlier, or no time at all."""
    with pytest.raises(Unauthenticated, match="iat"):
        _verify(vault, phone.proof(iat=vault.now() + off))


def test_a_proof_works_once_and_is_forgotten_when_it_is_stale(vault, phone, clock):
    """Within its lifetime a repeated proof is refused by memory, after it by its age; memory does not grow."""
    proof = phone.proof(iat=vault.now() + AGE_SECONDS_MAX)
    assert _verify(vault, proof)
    for _ in range(2):
        with pytest.raises(Unauthenticated) as refused:
            _verify(vault, proof)
        assert refused.value.code == "replayed_dpop_proof"
        clock.advance(2 * AGE_SECONDS_MAX)
    clock.advance(1)
    with pytest.raises(Unauthenticated, match="iat"):
        _verify(vault, proof)
    # Each proof forgets the stale ones with 4 chances in 256.
    remembered = [1]
    while len(remembered) < 5_000 and remembered[-1] >= max(remembered):
        clock.advance(2 * AGE_SECONDS_MAX + 1)
        assert _verify(vault, phone.proof())
        remembered.append(_proofs_remembered(vault))
    assert remembered[-1] == 1


def _proofs_remembered(vault):
    with reading(vault.database) as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(schema.proofs_seen)).scalar()


def test_two_devices_may_use_the_same_identifier(vault, phone):
    """A jti is remembered for its key, not for everybody."""
    assert _verify(vault, phone.proof(jti="1"))
    assert _verify(vault, Phone(vault).proof(jti="1"))


def _signed(phone, header, key, algorithm):
    return jws.serialize_compact(header, json.dumps(phone.claims()).encode(), key, algorithms=[algorithm])


def test_other_keys_and_algorithms_are_refused(vault, phone):
    """A private key in the header, another curve, another algorithm, a foreign signature, no signature."""
    key = ECKey.import_key({**ECKey.generate_key("P-256").as_dict(private=True)})
    public = key.as_dict(private=False)
    other = ECKey.generate_key("P-384")
    secret = OctKey.import_key(b"k" * 32)
    good = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public}
    first, _, signature = phone.proof().split(".")
    stranger = _signed(phone, good, key, "ES256").split(".")
    spoilt = [
        _signed(phone, good | {"jwk": key.as_dict(private=True)}, key, "ES256"),
        _signed(phone, good | {"alg": "ES384", "jwk": other.as_dict(private=False)}, other, "ES384"),
        _signed(phone, good | {"alg": "HS256", "jwk": secret.as_dict(private=True)}, secret, "HS256"),
        _signed(phone, good | {"typ": "JWT"}, key, "ES256"),
        f"{first}.{stranger[1]}.{signature}",
        f"{stranger[0]}.{stranger[1]}.",
        f"{stranger[0]}.{stranger[1]}",
        "x" * 5000,
    ]
    for proof in spoilt:
        with pytest.raises(Unauthenticated) as refused:
            _verify(vault, proof)
        assert refused.value.code == "invalid_dpop_proof"


def test_payloads_that_are_no_claims_are_refused(vault, phone):
    """A signed payload that is not a JSON object."""
    key = ECKey.import_key(ec.generate_private_key(ec.SECP256R1()))
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    for payload in (b"", b"[]", b"5", b"{", b"\xff"):
        with pytest.raises(Unauthenticated):
            _verify(vault, jws.serialize_compact(dict(header), payload, key, algorithms=["ES256"]))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(max_size=200), json_values, st.dictionaries(st.sampled_from(["typ", "alg", "jwk"]), json_values))
)
def test_nonsense_is_refused_with_one_error(vault, nonsense):
    """Texts, and headers with anything in the place of anything, never raise something else."""
    if not isinstance(nonsense, str):
        header = base64.urlsafe_b64encode(json.dumps(nonsense).encode()).decode()
        nonsense = f"{header}.e30.AAAA"
    with pytest.raises(Unauthenticated):
        _verify(vault, nonsense)
