"""Checks of cryptograms over HTTP: real taps match, each difference is named, and nothing secret is told."""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

import hypothesis
import pyemv
import pytest
from hypothesis import strategies as st

from simulators.parties import sandbox_constants
from simulators.process.logging_setup import configure_logging
from simulators.sandbox.wiring import running_sandbox
from tests.conftest import settings_for
from tests.simulators.sandbox.http.test_simulated_payments import ROOT, TOKEN_PAN, Operator
from tokenvault.emv.encodings import tlv
from tokenvault.emv.keys import key_derivation

CHECK = "/cryptograms/check"
PROFILES = [
    ({"cryptogram_profile": "aes"}, "Tapwright AES", "A6", "card_key"),
    ({"cryptogram_profile": "tdes"}, "VSDC CVN 18", "12", "card_key"),
    ({"cryptogram_profile": "sm4"}, "Tapwright PBOC-like SM4", "A5", "card_key"),
    ({"cryptogram_profile": "aes", "location": "host_card_emulation"}, "Tapwright LUK AES", "A7", "limited_use_key"),
    ({"cryptogram_profile": "tdes", "location": "host_card_emulation"}, "Tapwright LUK TDES", "43", "limited_use_key"),
]
ORDER = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36", "9F10")


@pytest.fixture(scope="module")
def operator(sandbox):
    """The sandbox's own."""
    with Operator(sandbox.http_url) as made:
        yield made


class Tap:
    """A payment of a simulated phone, by the tags that it sent."""

    def __init__(self, operator, **wish):
        self.operator = operator
        phone = operator.post("/phones")
        self.phone = operator.post(f"/phones/{phone['id']}/provision", card_id=operator.card(), **wish)
        self.token = self.phone["token_id"]
        paid = operator.pay(self.phone)
        assert paid["approved"]
        self.chip_data = paid["messages"][0]["fields"]["55"]
        self.tags = {tag: value.hex().upper() for tag, value in tlv.decode(bytes.fromhex(self.chip_data))}

    def body(self, believed=None, **changes):
        """What is asked. changes: of its tags; None takes one away."""
        tags = {tag: value for tag, value in {**self.tags, **changes}.items() if value is not None}
        return {"token_id": self.token, "tags": tags, "believed": believed or {}}

    def check(self, believed=None, **changes):
        """The answer."""
        return self.operator.post(CHECK, **self.body(believed, **changes))

    def refused(self, **changes):
        """The fields that are refused."""
        return [each["field"] for each in self.operator.post(CHECK, 422, **self.body(**changes))["errors"]]


@pytest.fixture(scope="module")
def tap(operator):
    """A tap under TDES."""
    return Tap(operator, cryptogram_profile="tdes")


@pytest.fixture(scope="module")
def right(tap):
    """What is right of it."""
    return tap.check()


@pytest.mark.parametrize(("wish", "name", "number", "kind"), PROFILES)
def test_a_real_tap_matches(operator, wish, name, number, kind):
    """Of every profile: its steps, its input field by field, and the cryptogram that the phone made."""
    tap = Tap(operator, **wish)
    check = tap.check()
    assert (check["matches"], check["first_difference"], check["diagnoses"]) == (True, None, [])
    assert check["expected_arqc"] == check["received_arqc"] == tap.tags["9F26"]
    assert (check["profile"]["name"], check["profile"]["cryptogram_version"]) == (name, number)
    key = check["card_key"]
    assert (key["kind"], key["pan_sequence_number"], key["issuer_key_index"]) == (kind, "01", 1)
    assert key["limited_use_key_index"] == (tap.tags["9F10"][-7:] if kind == "limited_use_key" else None)
    assert check["session_key"]["atc"] == tap.tags["9F36"]
    assert (key["check_value"] == check["session_key"]["check_value"]) == (kind == "limited_use_key")
    fields = check["input"]["fields"]
    assert "".join(each["value"] for each in fields) == check["input"]["bytes"]
    assert check["input"]["bytes"].startswith("".join(tap.tags[tag] for tag in ORDER))
    for each in fields:
        assert check["input"]["bytes"][2 * each["offset"] : 2 * (each["offset"] + each["length"])] == each["value"]
    assert (fields[-1]["tag"], fields[-1]["name"]) == (None, "padding")
    assert operator.post(CHECK, token_id=tap.token, chip_data=tap.chip_data) == check


def test_a_token_on_file_against_an_independent_library(operator):
    """A merchant's token, named by its PAN: check values, input and cryptogram are those of `pyemv`."""
    wish = {"token_requestor_id": sandbox_constants.MERCHANT_REQUESTOR_ID, "cryptogram_profile": "tdes"}
    asked = {"card_id": operator.card(), "location": "remote", **wish}
    token = operator.call("POST", "/v1/tokens", asked)["id"]
    payment = {"amount": 999, "currency": "EUR", "country": "276"}
    made = operator.call("POST", f"/v1/tokens/{token}/cryptograms", payment)
    pan, tags = made["track2"].partition("D")[0], made["chip_data"]
    check = operator.post(CHECK, token_pan=pan, tags=tags)
    card_key = pyemv.kd.derive_icc_mk_b(bytes.fromhex(sandbox_constants.EMV_MASTER_KEY_TDES), pan, "01")
    session_key = pyemv.kd.derive_common_sk(card_key, bytes.fromhex(tags["9F36"]) + bytes(6))
    data = bytes.fromhex("".join(tags[tag] for tag in ORDER))
    assert check["card_key"]["check_value"] == pyemv.tools.key_check_digits(card_key, 3).hex().upper()
    assert check["session_key"]["check_value"] == pyemv.tools.key_check_digits(session_key, 3).hex().upper()
    assert check["expected_arqc"] == pyemv.ac.generate_ac(session_key, data).hex().upper() == tags["9F26"]
    assert (check["matches"], check["token_id"]) == (True, token)
    assert check["card_key"]["pan"] == f"{pan[:6]}******{pan[-4:]}"
    assert pan not in json.dumps(check)


def test_without_a_cryptogram_there_is_nothing_to_compare(tap, right):
    """The right one is told all the same."""
    check = tap.check(**{"9F26": None})
    assert (check["matches"], check["received_arqc"], check["first_difference"]) == (None, None, None)
    assert check["expected_arqc"] == right["expected_arqc"]


@pytest.mark.parametrize(
    ("changes", "mistake", "tag"),
    [
        ({"9F36": "0002"}, "another_atc", "9F36"),
        ({"9F02": "000000125000"}, "another_value", "9F02"),
        ({"5F2A": "0840"}, "another_value", "5F2A"),
        ({"9C": "20"}, "another_value", "9C"),
    ],
)
def test_a_tag_that_the_phone_did_not_sign(tap, changes, mistake, tag):
    """As a host sees it that reads a field wrongly: the cryptogram differs, and the mistake is named."""
    assert tap.tags["9F36"] == "0001"
    check = tap.check(**changes)
    assert (check["matches"], check["received_arqc"]) == (False, tap.tags["9F26"])
    (diagnosis,) = check["diagnoses"]
    assert (diagnosis["mistake"], diagnosis["tag"], diagnosis["explains"]) == (mistake, tag, ["received_arqc"])
    assert diagnosis["message"]


def test_the_first_difference_of_what_one_has_computed(tap, right):
    """Check values, input and cryptogram: the first that is wrong, while all before it are right."""
    believed = {
        "card_key_check_value": right["card_key"]["check_value"],
        "session_key_check_value": right["session_key"]["check_value"],
        "input": right["input"]["bytes"],
        "arqc": right["expected_arqc"],
    }
    assert tap.check(believed)["first_difference"] is None
    unpadded = right["input"]["bytes"][: -2 * right["input"]["fields"][-1]["length"]]
    assert tap.check(believed | {"input": unpadded.lower()})["first_difference"] is None
    lacks = unpadded[:12] + unpadded[24:]
    wrong = {
        "card_key_check_value": "ABCDEF",
        "session_key_check_value": "ABCDEF",
        "input": lacks,
        "arqc": "0123456789ABCDEF",
    }
    for name, step in zip(believed, ("card_key", "session_key", "input", "arqc"), strict=True):
        check = tap.check(believed | {name: wrong[name]})
        assert (check["matches"], check["first_difference"]["step"]) == (True, step)
        assert check["first_difference"]["given"] in (wrong[name], lacks[12:24])
        everything_after = dict(list(wrong.items())[list(wrong).index(name) :])
        assert tap.check(believed | everything_after)["first_difference"]["step"] == step
    check = tap.check(believed | {"input": lacks})
    difference = check["first_difference"]
    # The country, 0276, stands where the other amount is missing.
    assert (difference["tag"], difference["offset"]) == ("9F03", 6)
    (diagnosis, *_) = check["diagnoses"]
    assert (diagnosis["mistake"], diagnosis["tag"], diagnosis["explains"]) == ("missing_field", "9F03", ["input"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"9F36": None}, "tags.9F36"),
        ({"9F36": "01"}, "tags.9F36"),
        ({"9F02": "1250"}, "tags.9F02"),
        ({"9F37": "wxyz"}, "tags.9F37"),
        ({"9F26": "00"}, "tags.9F26"),
        ({"9F10": "0601A603A00000"}, "tags.9F10"),
        ({"9F10": "06021203A00000"}, "tags.9F10"),
        ({"9F10": "060112"}, "tags.9F10"),
        ({"9F10": "0A01120300000006789012"}, "tags.9F10"),
        ({"amount": "1250"}, "tags"),
    ],
)
def test_bad_tags_are_named(tap, changes, field):
    """Missing, too short, not hexadecimal, or issuer application data of another token."""
    assert tap.refused(**changes) == [field]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"believed": {"arqc": "00"}}, "believed.arqc"),
        ({"believed": {"card_key_check_value": "xyzxyz"}}, "believed.card_key_check_value"),
        ({"believed": {"session_key_check_value": "00"}}, "believed.session_key_check_value"),
        ({"believed": {"input": "0"}}, "believed.input"),
        ({"believed": {"key": "00"}}, "believed.key"),
        ({"token_pan": "9999501012345678"}, "body"),
        ({"chip_data": "00"}, "body"),
        ({"tags": None}, "body"),
        ({"tags": None, "chip_data": "9F02"}, "chip_data"),
        ({"tags": None, "chip_data": "9F3602000"}, "chip_data"),
        ({"tags": None, "chip_data": "9F36020001"}, "chip_data.9F02"),
        ({"tags": {}}, "tags.9F02"),
    ],
)
def test_bad_fields_are_named(operator, tap, changes, field):
    """And nothing that was sent is repeated."""
    refused = operator.post(CHECK, 422, **{**tap.body(), **changes})
    assert [each["field"] for each in refused["errors"]] == [field]


def test_the_index_of_a_limited_use_key_is_checked(operator):
    """Packed digits behind a zero; of another index the key is another, and that is named."""
    tap = Tap(operator, location="host_card_emulation")
    data = tap.tags["9F10"]
    assert tap.refused(**{"9F10": data[:-8] + "1" + data[-7:]}) == ["tags.9F10"]
    assert tap.refused(**{"9F10": data[:-1] + "A"}) == ["tags.9F10"]
    assert tap.refused(**{"9F10": data[:14]}) == ["tags.9F10"]


def test_a_token_without_keys(operator):
    """One that waits for its verification has none yet."""
    phone = operator.post("/phones")
    card = operator.card(text_message="+4915123456789")
    asked = operator.post(f"/phones/{phone['id']}/provision", card_id=card, risk={"device_score": 2})
    tags = dict.fromkeys(ORDER, "")
    whole = {"9F02": 6, "9F03": 6, "9F1A": 2, "95": 5, "5F2A": 2, "9A": 3, "9C": 1, "9F37": 4, "82": 2, "9F36": 2}
    tags |= {tag: "00" * length for tag, length in whole.items()}
    refused = operator.post(CHECK, 409, token_id=asked["token_id"], tags=tags)
    assert refused["code"] == "token_state_conflict"


def test_only_tokens_of_ones_own_tenant_are_found(operator, tap):
    """Another tenant's is not there, by its identifier and by its PAN, for an operator too; nothing is audited."""
    body = {"name": "eve's", "scopes": ["sandbox"], "tenant": "eve"}
    key = operator.call("POST", "/v1/api_keys", body)["secret"]
    before = operator.call("GET", "/v1/audit_entries?limit=1")["data"]
    with Operator(operator.url, key) as stranger:
        refused = stranger.post(CHECK, 404, **tap.body())
        assert refused["code"] == "not_found"
        nobodys = stranger.post(CHECK, 404, token_id="tok_0000000000001", tags=tap.tags)
        assert refused["detail"].replace(tap.token, "") == nobodys["detail"].replace("tok_0000000000001", "")
        stranger.post(CHECK, 404, token_pan="9999501012345678", tags=tap.tags)
        operator.post(CHECK, 404, token_id="nonsense", tags=tap.tags)
    assert operator.call("GET", "/v1/audit_entries?limit=1")["data"] == before


@pytest.mark.parametrize("scope", ["issuer", "wallet", "network"])
def test_nobody_but_an_operator_may_ask(operator, tap, scope):
    """It would make cryptograms for whoever asks."""
    key = getattr(sandbox_constants, f"{scope.upper()}_API_KEY")
    with Operator(operator.url, key) as other:
        assert other.post(CHECK, 403, **tap.body())["code"] == "missing_scope"


def test_each_check_is_audited(operator, tap):
    """Who asked, of which token, and what came of it."""
    for changes, believed, reason, details in (
        ({}, None, "matches", {"first_difference": None, "diagnoses": []}),
        ({"9F36": "0002"}, None, "differs", {"first_difference": None, "diagnoses": ["another_atc"]}),
        ({"9F26": None}, {"arqc": "00" * 8}, "not_compared", {"first_difference": "arqc", "diagnoses": []}),
    ):
        tap.check(believed, **changes)
        (entry,) = operator.call("GET", f"/v1/audit_entries?limit=1&resource_id={tap.token}")["data"]
        assert (entry["action"], entry["reason"], entry["details"]) == ("token.cryptogram_checked", reason, details)
        assert entry["actor"].startswith("configured-")


def test_no_key_and_no_number_is_told(tmp_path, monkeypatch):
    """Not in an answer, an error, the log or the audit trail, in any form; nor is a cryptogram logged."""
    derived = []
    derive = key_derivation.card_key

    def watched(*arguments, **named):
        derived.append(derive(*arguments, **named))
        return derived[-1]

    monkeypatch.setattr(key_derivation, "card_key", watched)
    log, answers = io.StringIO(), []
    with redirect_stdout(log), redirect_stderr(log):
        configure_logging("debug", "json")
        try:
            with running_sandbox(settings_for(tmp_path / "data")) as network, Operator(network.http_url) as operator:
                operator.http.event_hooks["response"].append(lambda answer: answers.append(answer.read()))
                for wish, *_ in PROFILES:
                    tap = Tap(operator, **wish)
                    tap.check({"arqc": "00" * 8, "input": "00", "session_key_check_value": "ABCDEF"})
                    tap.check(**{"9F36": "0002"})
                    tap.refused(**{"9F10": "00"})
                operator.call("GET", "/v1/audit_entries?limit=100")
        finally:
            sys.stdout.flush()
            configure_logging("warning", "console")
    assert len(derived) > 100
    told = b"".join(answers).lower()
    logged = log.getvalue().encode().lower()
    assert b"token.cryptogram_checked" in told
    for key in {*derived, *(bytes.fromhex(each) for each in master_keys())}:
        for place in (told, logged):
            assert key.hex().encode() not in place
            assert repr(key).encode().lower() not in place
    assert not TOKEN_PAN.search(b"".join(answers).decode())
    assert not TOKEN_PAN.search(log.getvalue())
    assert os.path.exists(tmp_path / "data")


def master_keys():
    """The documented ones of the sandbox."""
    return [getattr(sandbox_constants, f"EMV_MASTER_KEY_{name}") for name in ("AES", "TDES", "SM4")]


HEXADECIMAL = st.one_of(st.binary(max_size=12).map(bytes.hex), st.text(max_size=6))
CHANGES = st.dictionaries(st.sampled_from([*ORDER, "9F26", "84", "9F27", "5A", "77", "x"]), st.none() | HEXADECIMAL)
BELIEVED = st.fixed_dictionaries(
    {},
    optional={
        "card_key_check_value": HEXADECIMAL,
        "session_key_check_value": HEXADECIMAL,
        "input": st.binary(max_size=64).map(bytes.hex),
        "arqc": st.binary(min_size=8, max_size=8).map(bytes.hex),
    },
)


@hypothesis.settings(max_examples=150, suppress_health_check=list(hypothesis.HealthCheck), derandomize=True)
@hypothesis.given(CHANGES, BELIEVED)
def test_whatever_is_asked(tap, changes, believed):
    """A check or an error that names a field; never an error of ours."""
    answer = tap.operator.http.post(ROOT + CHECK, json=tap.body(believed, **changes))
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 422:
        assert answer.json()["errors"]


@hypothesis.settings(max_examples=60, suppress_health_check=list(hypothesis.HealthCheck), derandomize=True)
@hypothesis.given(st.sampled_from(ORDER[:-1]), st.data())
def test_whatever_the_tags_are(tap, tag, data):
    """Any value of a tag's length: the check differs unless it is the one that was signed."""
    length = len(tap.tags[tag]) // 2
    value = data.draw(st.binary(min_size=length, max_size=length)).hex().upper()
    assert tap.check(**{tag: value})["matches"] is (value == tap.tags[tag])
