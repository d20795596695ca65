"""Each usual mistake, made by somebody else's library, is named; and what no mistake explains is not explained."""

import pyemv
import pytest
from pyemv.ac import PaddingType
from pyemv.mac import mac_iso9797_3

from tests.tokenvault.emv.diagnosis.taps import EXTRA, FUNDING_PAN, ISSUER_KEY, PAN, PSN, VALUES, computation_of
from tokenvault.emv.ciphers.mac import aes_cmac, pad, sm4_cbc_mac, tdes_cbc_mac
from tokenvault.emv.cryptograms.cryptogram import INPUT_TAGS
from tokenvault.emv.cryptograms.cryptogram_versions import (
    LIMITED_USE_AES,
    LIMITED_USE_TDES,
    TAPWRIGHT_AES,
    TAPWRIGHT_SM4,
    TOKEN_CRYPTOGRAM_VERSIONS,
    VSDC_18,
)
from tokenvault.emv.diagnosis.computation import check_value
from tokenvault.emv.diagnosis.diagnosis import DIAGNOSES_MAX, Given, diagnose
from tokenvault.emv.diagnosis.differences import Believed
from tokenvault.emv.diagnosis.variants import Mistake
from tokenvault.emv.encodings import tlv
from tokenvault.emv.keys.key_derivation import DerivationOption, card_key

COMPUTATION, SOURCE = computation_of()
DATA = COMPUTATION.values["9F10"]
CARD_KEY = pyemv.kd.derive_icc_mk_b(ISSUER_KEY, PAN, PSN)
ATC = VALUES["9F36"]
M_CHIP_SESSION_KEY = pyemv.kd.derive_common_sk(CARD_KEY, ATC + bytes(2) + VALUES["9F37"])


def session_key(atc=ATC, card_key=CARD_KEY):
    """pyemv's common session key."""
    return pyemv.kd.derive_common_sk(card_key, atc + bytes(6))


def input_with(order=INPUT_TAGS, issuer_data=DATA, **changes):
    """The input of somebody who takes other values, or other tags in another order."""
    values = {**VALUES, **EXTRA, **{tag.removeprefix("t"): value for tag, value in changes.items()}}
    return b"".join(values[tag] for tag in order) + issuer_data


def arqc(data, key=None, padding=PaddingType.EMV):
    """pyemv's cryptogram."""
    return pyemv.ac.generate_ac(key or session_key(), data, padding)


def other_card_key(pan=PAN, psn=PSN):
    """pyemv's card key of another card."""
    return pyemv.kd.derive_icc_mk_b(ISSUER_KEY, pan, psn)


def without(tag):
    """The order of the tags that lacks one."""
    return [each for each in INPUT_TAGS if each != tag]


MADE = [
    (Mistake.PAN_SEQUENCE_NUMBER, None, arqc(input_with(), session_key(card_key=other_card_key(psn="00")))),
    (Mistake.FUNDING_PAN, None, arqc(input_with(), session_key(card_key=other_card_key(pan=FUNDING_PAN)))),
    (Mistake.ISSUER_KEY_AS_CARD_KEY, None, arqc(input_with(), session_key(card_key=ISSUER_KEY))),
    (Mistake.CARD_KEY_AS_SESSION_KEY, None, arqc(input_with(), CARD_KEY)),
    (Mistake.SESSION_KEY_ATC, "9F36", arqc(input_with(), session_key(bytes.fromhex("011D")))),
    (Mistake.SESSION_KEY_ATC, "9F36", arqc(input_with(), session_key(bytes.fromhex("011B")))),
    (Mistake.SESSION_KEY_ATC, "9F36", arqc(input_with(), session_key(bytes.fromhex("1C01")))),
    (Mistake.SESSION_KEY_METHOD, None, arqc(input_with(), M_CHIP_SESSION_KEY)),
    (Mistake.SESSION_KEY_METHOD, None, arqc(input_with(), pyemv.kd.derive_emv2000_tree_sk(CARD_KEY, ATC, 8, 4))),
    (Mistake.SESSION_KEY_METHOD, None, arqc(input_with(), pyemv.kd.derive_visa_sm_sk(CARD_KEY, ATC))),
    (Mistake.ANOTHER_ATC, "9F36", arqc(input_with(t9F36=b"\x01\x1d"), session_key(b"\x01\x1d"))),
    (Mistake.ANOTHER_VALUE, "9F36", arqc(input_with(t9F36=b"\0\0"))),
    (Mistake.ANOTHER_VALUE, "9F02", arqc(input_with(t9F02=bytes.fromhex("000000125000")))),
    (Mistake.ANOTHER_VALUE, "9F02", arqc(input_with(t9F02=bytes(6)))),
    (Mistake.ANOTHER_VALUE, "9F02", arqc(input_with(t9F02=(1250).to_bytes(6, "big")))),
    (Mistake.ANOTHER_VALUE, "9F02", arqc(input_with(t9F02=(1250).to_bytes(4, "big")))),
    (Mistake.ANOTHER_VALUE, "9F02", arqc(input_with(t9F02=bytes.fromhex("00001250")))),
    (Mistake.ANOTHER_VALUE, "9F02", arqc(input_with(t9F02=bytes.fromhex("000000000750")))),
    (Mistake.ANOTHER_VALUE, "9F03", arqc(input_with(t9F03=bytes(6)))),
    (Mistake.ANOTHER_VALUE, "5F2A", arqc(input_with(t5F2A=bytes.fromhex("0840")))),
    (Mistake.ANOTHER_VALUE, "5F2A", arqc(input_with(t5F2A=bytes.fromhex("9780")))),
    (Mistake.ANOTHER_VALUE, "9F1A", arqc(input_with(t9F1A=bytes.fromhex("0040")))),
    (Mistake.ANOTHER_VALUE, "9F1A", arqc(input_with(t9F1A=b"276"))),
    (Mistake.ANOTHER_VALUE, "95", arqc(input_with(t95=bytes(5)))),
    (Mistake.ANOTHER_VALUE, "9A", arqc(input_with(t9A=bytes.fromhex("261125")))),
    (Mistake.ANOTHER_VALUE, "9A", arqc(input_with(t9A=bytes.fromhex("241126")))),
    (Mistake.ANOTHER_VALUE, "9A", arqc(input_with(t9A=bytes.fromhex("20261124")))),
    (Mistake.ANOTHER_VALUE, "9C", arqc(input_with(t9C=b"\0"))),
    (Mistake.ANOTHER_VALUE, "9F37", arqc(input_with(t9F37=bytes(4)))),
    (Mistake.ANOTHER_VALUE, "9F37", arqc(input_with(t9F37=VALUES["9F37"][::-1]))),
    (Mistake.ANOTHER_VALUE, "82", arqc(input_with(t82=bytes(2)))),
    (Mistake.ANOTHER_VALUE, "9F10", arqc(input_with(issuer_data=bytes.fromhex("06011203A00001")))),
    (Mistake.ANOTHER_VALUE, "9F10", arqc(input_with(issuer_data=bytes.fromhex("06011203A40002")))),
    *((Mistake.MISSING_FIELD, tag, arqc(input_with(without(tag)))) for tag in INPUT_TAGS),
    (Mistake.MISSING_FIELD, "9F10", arqc(input_with(issuer_data=b""))),
    (Mistake.EXTRA_FIELD, "9F33", arqc(input_with() + EXTRA["9F33"])),
    (Mistake.EXTRA_FIELD, "84", arqc(EXTRA["84"] + input_with())),
    (Mistake.EXTRA_FIELD, "9F33", arqc(input_with([*INPUT_TAGS[:4], "9F33", *INPUT_TAGS[4:]]))),
    (Mistake.ORDER_OF_FIELDS, "82", arqc(input_with([*INPUT_TAGS[:8], "9F36", "82"]))),
    (Mistake.ORDER_OF_FIELDS, "9F1A", arqc(input_with(["9F02", "9F03", "5F2A", "95", "9F1A", *INPUT_TAGS[5:]]))),
    (Mistake.TAGS_AND_LENGTHS, None, arqc(tlv.encode([*((tag, VALUES[tag]) for tag in INPUT_TAGS), ("9F10", DATA)]))),
    (Mistake.ISSUER_DATA_PART, "9F10", arqc(input_with(issuer_data=DATA[3:7]))),
    (Mistake.ISSUER_DATA_PART, "9F10", arqc(input_with(issuer_data=DATA[1:]))),
    (Mistake.PADDING_METHOD, None, arqc(input_with(), padding=PaddingType.VISA)),
    (Mistake.PADDED_TWICE, None, mac_iso9797_3(session_key()[:8], session_key()[8:], pad(input_with(), 2), 2)),
    (Mistake.MAC_ALGORITHM, None, tdes_cbc_mac(session_key(), input_with())),
]  # fmt: skip
"""Of a card of CVN 18: a mistake, the tag that it is about, and the cryptogram that whoever makes it gets."""


def named(computation, source, **believed):
    """What is named for somebody's results."""
    return diagnose(computation, source, Believed(**believed), {**computation.values, **EXTRA})


@pytest.mark.parametrize(
    ("mistake", "tag", "wrong"), MADE, ids=[f"{number}-{mistake.code}" for number, (mistake, *_) in enumerate(MADE)]
)
def test_each_mistake_is_named(mistake, tag, wrong):
    """By the cryptogram alone, first of all; it is the only one, but where two come to the same."""
    assert wrong != COMPUTATION.arqc
    first, *others = named(COMPUTATION, SOURCE, arqc=wrong)
    assert (first.finding.mistake, first.finding.tag, first.explains) == (mistake, tag, (Given.ARQC,))
    assert len(others) < 3
    assert named(COMPUTATION, SOURCE, arqc=bytes(byte ^ 1 for byte in wrong)) == []


def test_what_is_right_needs_no_explanation():
    """The independent library agrees."""
    assert arqc(input_with()) == COMPUTATION.arqc
    believed = {
        "card_key_check_value": check_value("TDES", CARD_KEY),
        "session_key_check_value": check_value("TDES", session_key()),
        "data": input_with(),
        "arqc": COMPUTATION.arqc,
    }
    assert named(COMPUTATION, SOURCE, **believed) == []
    assert named(COMPUTATION, SOURCE) == []


def test_the_cryptogram_of_the_tap_counts_too():
    """Beside what somebody has computed."""
    (found,) = diagnose(COMPUTATION, SOURCE, Believed(arqc=COMPUTATION.arqc), {}, arqc(input_with(), CARD_KEY))
    assert (found.finding.mistake, found.explains) == (Mistake.CARD_KEY_AS_SESSION_KEY, (Given.RECEIVED_ARQC,))
    wrong = arqc(input_with(), CARD_KEY)
    (found,) = diagnose(COMPUTATION, SOURCE, Believed(arqc=wrong), {}, wrong)
    assert found.explains == (Given.ARQC, Given.RECEIVED_ARQC)


@pytest.mark.parametrize("version", [LIMITED_USE_TDES, LIMITED_USE_AES], ids=lambda version: version.name)
def test_mistakes_with_limited_use_keys(version):
    """The key of another index, and the card key in its place."""
    computation, source = computation_of(version)
    for mistake, key in (
        (Mistake.LIMITED_USE_KEY_INDEX, version.limited_use_key(source.card_key(), "6789013")),
        (Mistake.CARD_KEY_AS_LIMITED_USE_KEY, source.card_key()),
    ):
        wrong = version.arqc(key, computation.values)
        assert [each.finding.mistake for each in named(computation, source, arqc=wrong)] == [mistake]
    wrong = version.arqc(version.limited_use_key(source.card_key(psn="02"), "6789012"), computation.values)
    (found,) = named(computation, source, arqc=wrong)
    assert found.finding.message.endswith("(tag 5F34): 02, where the token has 01")


def test_mistakes_with_other_ciphers():
    """Padded before the MAC, and its other end; for SM4 a card key by the option of AES."""
    for version, mac in ((TAPWRIGHT_AES, aes_cmac), (TAPWRIGHT_SM4, sm4_cbc_mac)):
        computation, source = computation_of(version)
        for mistake, wrong in (
            (Mistake.CUT_AT_THE_OTHER_END, mac(computation.session_key, computation.data)[-8:]),
            (Mistake.PADDED_TWICE, mac(computation.session_key, pad(computation.data, 2, 16))[:8]),
        ):
            assert [each.finding.mistake for each in named(computation, source, arqc=wrong)] == [mistake]
    computation, source = computation_of(TAPWRIGHT_SM4)
    wrong = TAPWRIGHT_SM4.arqc(card_key(ISSUER_KEY, PAN, PSN, DerivationOption.C), computation.values)
    assert [each.finding.mistake for each in named(computation, source, arqc=wrong)] == [Mistake.DERIVATION_OPTION]


def test_every_mistake_has_a_test():
    """So that none is listed that is never found."""
    elsewhere = {
        Mistake.LIMITED_USE_KEY_INDEX,
        Mistake.CARD_KEY_AS_LIMITED_USE_KEY,
        Mistake.CUT_AT_THE_OTHER_END,
        Mistake.DERIVATION_OPTION,
    }
    assert {mistake for mistake, *_ in MADE} | elsewhere == set(Mistake)


def test_check_values_and_inputs_are_explained_too():
    """Without any cryptogram: which key it is, and which input."""
    other = other_card_key(psn="00")
    (found,) = named(COMPUTATION, SOURCE, card_key_check_value=check_value("TDES", other))
    assert (found.finding.mistake, found.explains) == (Mistake.PAN_SEQUENCE_NUMBER, (Given.CARD_KEY,))
    late = check_value("TDES", session_key(b"\x01\x1d"))
    assert Mistake.SESSION_KEY_ATC in [
        each.finding.mistake for each in named(COMPUTATION, SOURCE, session_key_check_value=late)
    ]
    for given in (input_with(without("9F03")), pad(input_with(without("9F03")), 2)):
        (found, *_) = named(COMPUTATION, SOURCE, data=given)
        assert (found.finding.mistake, found.finding.tag, found.explains) == (
            Mistake.MISSING_FIELD,
            "9F03",
            (Given.INPUT,),
        )


def test_what_explains_most_comes_first():
    """A key that gives the wrong check values and the wrong cryptogram."""
    other = other_card_key(psn="00")
    wrong = session_key(card_key=other)
    found = named(
        COMPUTATION,
        SOURCE,
        card_key_check_value=check_value("TDES", other),
        session_key_check_value=check_value("TDES", wrong),
        arqc=arqc(input_with(), wrong),
    )
    assert found[0].explains == (Given.CARD_KEY, Given.SESSION_KEY, Given.ARQC)
    assert found[0].finding.mistake is Mistake.PAN_SEQUENCE_NUMBER


def test_values_that_are_no_numbers_are_taken_as_they_are():
    """Amounts and dates that are no packed digits, for every profile: nothing is explained, and nothing breaks."""
    for version in TOKEN_CRYPTOGRAM_VERSIONS.values():
        odd = {"9F02": b"\xff" * 6, "9F03": b"\xaa" * 6, "9A": b"\xff" * 3, "5F2A": b"\xff\xff", "9F36": b"\xff\xff"}
        computation, source = computation_of(version, **odd)
        assert named(computation, source, arqc=bytes(8)) == []


def test_few_are_named():
    """Where very many come to the same."""
    zeros = {tag: bytes(len(value)) for tag, value in VALUES.items()}
    computation, source = computation_of(VSDC_18, **zeros)
    wrong = VSDC_18.arqc_over(computation.base_key, 0, bytes(4), computation.data[1:])
    assert len(named(computation, source, arqc=wrong)) <= DIAGNOSES_MAX
