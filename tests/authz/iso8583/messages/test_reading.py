"""From a message's fields to a command, field by field, as `docs/wire.md` has it."""

import numpy as np
import pytest

from authz.iso8583.chip.chip_data import packed_number
from authz.iso8583.messages.additional_data import subelements
from authz.iso8583.messages.reading import kind_of
from authz.program.compilation import merchant_key
from authz.vocabulary.commands import NO_POSITION, CardholderVerification, Channel, CryptogramOutcome, Flag, Kind
from tests.authz.iso8583.messages.messages import CHIP, PAN, chip, command_of, message, problem_of, read


def test_a_tap():
    """Every field of the command that a message fills."""
    command = command_of(de23="001", de55=chip())
    told = {
        "kind": Kind.AUTHORIZATION_REQUEST, "operation": 0, "amount_minor": 1250, "transmitted": 1124120000, "stan": 42,
        "merchant_category": 5814, "country": 276, "entry_mode": 71, "channel": Channel.CONTACTLESS, "acquirer": 12345,
        "token_pan": int(PAN), "expiry": 2912, "retrieval_reference": b"REF000000042", "terminal": b"TERM0001",
        "merchant": b"CAFE00000000001", "currency": 978, "pan_sequence_number": 1, "signed_amount_minor": 1250,
        "signed_currency": 978, "atc": 7, "key_index": 1, "cryptogram_version": 1, "flags": 0, "limited_use_key": 0,
        "cryptogram_outcome": CryptogramOutcome.INVALID, "cardholder_verification": CardholderVerification.DEVICE,
        "latitude": NO_POSITION, "longitude": NO_POSITION, "cash_minor": 0, "replacement_minor": 0,
    }  # fmt: skip
    assert {name: command[name] for name in told} == told
    assert command["merchant_key"] == merchant_key("CAFE00000000001")


@pytest.mark.parametrize(
    ("field", "name", "city"),
    [
        (None, b"", b""),
        (" " * 40, b" " * 25, b" " * 13),
        ("TAPWRIGHT CAFE           BERLIN       DE", b"TAPWRIGHT CAFE           ", b"BERLIN       "),
        ("N" * 25 + "C" * 13 + "US", b"N" * 25, b"C" * 13),
        ("~!" * 20, (b"~!" * 13)[:25], (b"!~" * 7)[:13]),
    ],
)
def test_the_merchants_name_and_city(field, name, city):
    """DE 43 as it came, in every message that has it; its country belongs to neither."""
    for message_type, more in (
        ("0100", {}),
        ("0220", {}),
        ("0420", {"de90": f"0100{7:06d}1124115959{9:011d}{0:011d}"}),
    ):
        command = command_of(de0=message_type, de43=field, **more)
        # NumPy leaves out zeros at the end, which are bytes that were not filled.
        assert (command["merchant_name"], command["merchant_city"]) == (name, city)
        assert (command["merchant"], command["key_index"]) == (b"CAFE00000000001", 0)


def test_many_messages_at_once():
    """Each is read by itself, whatever is wrong with the one before."""
    words, commands, _, _, online = read(
        message(), message(de4=None), message(de11="000043", de55=chip()), message(de55=chip(_9F27="40"))
    )
    assert words == ["", "004 missing", "", ""]
    assert commands["stan"][[0, 2]].tolist() == [42, 43]
    assert online.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("message_type", "kind"),
    [
        ("0100", Kind.AUTHORIZATION_REQUEST),
        ("0120", Kind.AUTHORIZATION_ADVICE),
        ("0200", Kind.FINANCIAL_REQUEST),
        ("0220", Kind.FINANCIAL_ADVICE),
        ("0400", Kind.REVERSAL_REQUEST),
        ("0420", Kind.REVERSAL_ADVICE),
    ],
)
def test_message_types(message_type, kind):
    """Each and its repeat, which is marked as one."""
    more = {"de90": f"0100{42:06d}1124120000{12345:011d}{0:011d}"}
    assert command_of(de0=message_type, **more)["kind"] == kind
    repeat = command_of(de0=message_type[:3] + "1", **more)
    assert (repeat["kind"], bool(repeat["flags"] & Flag.REPEAT)) == (kind, True)
    assert not command_of(de0=message_type, **more)["flags"] & Flag.REPEAT


def test_what_no_message_type_asks_for():
    """A function between those that are served, before the first and behind the last."""
    assert [kind_of(number) for number in (0, 90, 110, 130, 190, 210, 230, 390, 410, 430, 800)] == [-1] * 11


@pytest.mark.parametrize("message_type", ["0102", "0110", "0130", "0300", "0800", "0210"])
def test_other_message_types(message_type):
    """Answers and what is not about money are left to others."""
    assert problem_of(de0=message_type) == "other"


@pytest.mark.parametrize("field", [3, 4, 7, 11, 22, 32, 37, 41, 49])
def test_what_a_message_must_have(field):
    """Each field that is missing is named."""
    assert problem_of(**{f"de{field}": None}) == f"{field:03d} missing"


def test_an_acquirer_without_a_digit_is_missing():
    """DE 32 has a length of its own, and 00 of it names nobody."""
    assert problem_of(de32="") == "032 missing"
    assert problem_of(de32="0") == ""


def test_fields_that_are_there_and_hold_nothing():
    """Additional data may be empty; a PAN and chip data may not."""
    for field in ("de48", "de54", "de59", "de60"):
        assert command_of(**{field: ""})["flags"] == 0
    assert problem_of(de2="") == "002 contradiction"
    assert problem_of(de55="") == "055 missing_tag 9F02"


def test_chip_data_need_the_number_of_the_card():
    """DE 23 tells the key of which card has signed; without chip data nobody asks for it."""
    assert problem_of(de23=None, de55=chip()) == "023 missing"
    assert problem_of(de23=None) == ""


@pytest.mark.parametrize("field", [48, 54, 59, 60])
def test_a_single_character_is_no_additional_data(field):
    """Of a subelement, an amount, a position or a count it is only the beginning."""
    assert problem_of(**{f"de{field}": "1"}) == f"{field:03d} wrong_structure"


def test_a_reversal_names_its_original():
    """Without DE 90 there is nothing to reverse; other messages may go without."""
    assert problem_of(de0="0400") == "090 missing"
    assert problem_of(de0="0420") == "090 missing"
    original = f"0200{7:06d}1124115959{999:011d}{0:011d}"
    command = command_of(de0="0420", de90=original)
    assert (command["original_type"], command["original_stan"]) == (200, 7)
    assert (command["original_transmitted"], command["original_acquirer"]) == (1124115959, 999)
    assert command["flags"] & Flag.HAS_ORIGINAL
    for unfit in ("0400", "0420", "0110", "0800"):
        assert problem_of(de0="0420", de90=unfit + original[4:]) == "090 wrong_structure"


def test_chip_data_of_a_reversal_are_not_looked_at():
    """Nor a PIN: it was proven when the original was decided."""
    original = f"0100{42:06d}1124120000{12345:011d}{0:011d}"
    command = command_of(de0="0400", de90=original, de55=chip(_9F26=None), de52="00" * 8)
    assert (command["cryptogram_outcome"], command["flags"]) == (CryptogramOutcome.ABSENT, Flag.HAS_ORIGINAL)
    assert command_of(de52="00" * 8)["flags"] == Flag.PIN_ENTERED


@pytest.mark.parametrize(
    ("entry_mode", "channel"),
    [
        ("071", Channel.CONTACTLESS), ("910", Channel.CONTACTLESS), ("051", Channel.CONTACT_CHIP),
        ("021", Channel.MAGNETIC_STRIPE), ("901", Channel.MAGNETIC_STRIPE), ("810", Channel.E_COMMERCE),
        ("100", Channel.E_COMMERCE), ("031", Channel.QR_CODE), ("011", Channel.KEYED), ("001", Channel.UNKNOWN),
    ],
)  # fmt: skip
def test_channels(entry_mode, channel):
    """By how the PAN was entered."""
    assert command_of(de22=entry_mode)["channel"] == channel


def test_the_card_by_track_or_by_pan():
    """DE 35 with either separator, or DE 2 and DE 14; of 8 to 19 digits."""
    assert command_of(de35=f"{PAN}D29122010")["expiry"] == 2912
    keyed = command_of(de35=None, de2=PAN, de14="2911")
    assert (keyed["token_pan"], keyed["expiry"]) == (int(PAN), 2911)
    assert command_of(de35=None, de2=PAN)["expiry"] == 0
    both = command_of(de2=PAN, de14="2912")
    assert (both["token_pan"], both["expiry"]) == (int(PAN), 2912)
    for pan in ("12345678", "1" * 19):
        assert command_of(de35=None, de2=pan)["token_pan"] == int(pan)
        assert command_of(de35=f"{pan}=2912201")["token_pan"] == int(pan)
    assert command_of(de35=f"{PAN}=2912")["expiry"] == 2912


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"de35": f"{PAN}=291"}, "035 wrong_structure"),
        ({"de35": f"{PAN}29122010"}, "035 wrong_structure"),
        ({"de35": f"{PAN}=29A22010"}, "035 wrong_structure"),
        ({"de35": "1234567=29122010"}, "035 wrong_structure"),
        ({"de35": None, "de2": "1234567"}, "002 wrong_length"),
        ({"de14": "2911"}, "014 contradiction"),
        ({"de2": PAN[:-1]}, "002 contradiction"),
        ({"de2": PAN + "0"}, "002 contradiction"),
        ({"de2": PAN[:-1] + "8"}, "002 contradiction"),
        ({"de2": "8" + PAN[1:]}, "002 contradiction"),
    ],
)
def test_cards_that_do_not_agree(changes, problem):
    """A track that is none, a number of another length, and two fields that say different things."""
    assert problem_of(**changes) == problem


def test_a_card_must_be_named():
    """By one of the two fields; an empty one is there, and too short."""
    assert problem_of(de35=None) == "002 missing"
    assert problem_of(de35=None, de2="") == "002 wrong_length"


def cash(amount="000000000500", kind="40", currency="978"):
    """One of DE 54's amounts."""
    return f"00{kind}{currency}D{amount}"


def test_cash_back():
    """Amount type 40, wherever it stands, in the message's currency."""
    assert command_of(de54=cash())["cash_minor"] == 500
    assert command_of(de54=cash(kind="57") + cash("000000000700"))["cash_minor"] == 700
    assert command_of(de54=cash(kind="57", currency="840"))["cash_minor"] == 0
    assert command_of(de54=cash(kind="57", amount="000000000000") + cash())["cash_minor"] == 500
    for unfit in (cash()[:-1], cash("00000000050A"), cash() + "1"):
        assert problem_of(de54=unfit) == "054 wrong_structure"
    assert problem_of(de54=cash(currency="840")) == "054 contradiction"


def test_what_a_terminal_can_do():
    """Subelement 61 of DE 48, wherever it stands: its first character is 1 where partial approvals are taken."""
    for private in ("61011", "6103100", "0102AB61011"):
        assert command_of(de48=private)["flags"] == Flag.PARTIAL_APPROVAL
    for private in ("61010", "6100", "6103011", "62011"):
        assert command_of(de48=private)["flags"] == 0
    for unfit in ("610", "6102", "61021", "A1011", "61A11", "6101161"):
        assert problem_of(de48=unfit) == "048 wrong_structure"


def test_subelements_by_name():
    """As tools show them; what is cut off is left out."""
    assert subelements("61011" + "0202AB") == {"61": "1", "02": "AB"}
    assert subelements("6101102") == {"61": "1"}
    assert subelements("610110203AB") == {"61": "1"}
    assert subelements("6100") == {"61": ""}
    assert subelements("") == subelements("x1011") == {}


@pytest.mark.parametrize(
    ("position", "degrees"),
    [
        ("+52.52000+013.40500/", (5252000, 1340500)),
        ("-33.9+018.4/", (-3390000, 1840000)),
        ("+90-180/", (9000000, -18000000)),
        ("+01.123456789-000.000019/", (112345, -1)),
        ("+90.000009+180.000009/", (9000000, 18000000)),
        ("+52+013", (5200000, 1300000)),
        ("-00.00001+000/", (-1, 0)),
    ],
)
def test_positions(position, degrees):
    """ISO 6709, in hundred-thousandths of a degree; further decimals are left out, and so may be the last character."""
    command = command_of(de59=position)
    assert (command["latitude"], command["longitude"]) == degrees


@pytest.mark.parametrize(
    "position", ["52.5+013.4/", "+9", "+91+000/", "-91+000/", "+00+181/", "+00-181/", "+0A+000/", "+00.5", "+00+00"]
)
def test_positions_that_are_none(position):
    """Off the globe, without signs, or cut off."""
    assert problem_of(de59=position) == "059 wrong_structure"


def test_completions_are_counted():
    """DE 60: this one, of how many; another follows unless it is the last."""
    assert command_of(de0="0220", de60="0102")["flags"] & Flag.MORE_FOLLOWS
    for last in ("0101", "0202", "0303"):
        assert not command_of(de0="0220", de60=last)["flags"] & Flag.MORE_FOLLOWS
    for unfit in ("0201", "0001", "1", "010", "0A02", "010A"):
        assert problem_of(de0="0220", de60=unfit) == "060 wrong_structure"


def test_what_remains_of_a_reversal():
    """DE 95: its first amount."""
    original = f"0100{42:06d}1124120000{12345:011d}{0:011d}"
    command = command_of(de0="0420", de90=original, de95="000000000300" + "0" * 30)
    assert (command["replacement_minor"], command["flags"]) == (300, Flag.HAS_ORIGINAL | Flag.HAS_REPLACEMENT)
    nothing = command_of(de0="0420", de90=original, de95="0" * 42)
    assert (nothing["replacement_minor"], nothing["flags"]) == (0, Flag.HAS_ORIGINAL | Flag.HAS_REPLACEMENT)
    assert problem_of(de0="0420", de90=original, de95="00000000030A" + "0" * 30) == "095 wrong_structure"


def test_preauthorizations():
    """DE 25 = 06, and nothing else."""
    assert command_of(de25="06")["flags"] == Flag.PREAUTHORIZATION
    assert command_of(de25="05")["flags"] == command_of(de25="00")["flags"] == 0


def test_the_outcome_in_an_advice():
    """Approved as a whole or in part, or declined; a request's DE 39 says nothing."""
    for code in ("00", "10"):
        assert not command_of(de0="0120", de39=code)["flags"] & Flag.DECLINED_ELSEWHERE
    for code in ("05", "01", "51", "0A"):
        assert command_of(de0="0120", de39=code)["flags"] & Flag.DECLINED_ELSEWHERE
        assert command_of(de0="0220", de39=code)["flags"] & Flag.DECLINED_ELSEWHERE
        assert not command_of(de0="0200", de39=code)["flags"] & Flag.DECLINED_ELSEWHERE


def test_what_the_cryptogram_covers():
    """The ten tags in EMV's order and tag 9F10, whatever the order in DE 55; and the cryptogram."""
    _, _, signed, arqcs, _ = read(message(de55=chip()))
    ten = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36", "9F10")
    assert signed[0].tobytes().hex().upper() == "".join(CHIP[tag] for tag in ten) + "00" * 4
    assert arqcs[0].tobytes().hex() == "1122334455667788"


def test_limited_use_keys():
    """Their index ends tag 9F10, and is covered too."""
    data = "0A010203A4000006120101"
    words, commands, signed, _, _ = read(message(de55=chip(_9F10=data)))
    assert words == [""]
    assert (commands[0]["limited_use_key"], commands[0]["cryptogram_version"]) == (6120101, 2)
    assert signed[0].tobytes()[-11:].hex().upper() == data
    for unfit in ("0A010203A4000000000000", "0A010203A400000A120101", "06010203A4000006120101", "07010103A40000"):
        assert problem_of(de55=chip(_9F10=unfit)) == "055 wrong_tag 9F10"


@pytest.mark.parametrize(
    ("results", "flags"),
    [
        ("00", 0),
        ("01", Flag.SIGNED_FOR_REMOTE),
        ("02", Flag.SIGNED_FOR_QR_CODE),
        ("03", Flag.SIGNED_FOR_REMOTE | Flag.SIGNED_FOR_QR_CODE),
        ("04", 0),
    ],
)
def test_what_a_phone_signs_for(results, flags):
    """The last two bits of the results."""
    assert command_of(de55=chip(_9F10=f"06010103A400{results}"))["flags"] == flags


def test_how_a_cardholder_was_verified():
    """The device's own bit in the results, as signed."""
    assert command_of(de55=chip(_9F10="06010103A00000"))["cardholder_verification"] == CardholderVerification.NONE
    assert command_of(de55=chip(_9F10="06010103040000"))["cardholder_verification"] == CardholderVerification.DEVICE


def test_the_signed_operation_and_country():
    """A type of transaction other than DE 3 is marked; the signed country goes before DE 19, unless there is none."""
    assert command_of(de55=chip(_9C="01"))["flags"] == Flag.SIGNED_FOR_ANOTHER_OPERATION
    assert command_of(de3="010000", de55=chip(_9C="01"))["flags"] == 0
    assert command_of(de3="010000", de55=chip(_9C="00"))["flags"] == 0
    assert command_of(de19="276", de55=chip(_9F1A="0250"))["country"] == 250
    assert command_of(de19="276", de55=chip(_9F1A="0000"))["country"] == 276


@pytest.mark.parametrize("tag", list(CHIP))
def test_chip_data_that_lack_a_tag(tag):
    """None can be missing, be there twice, or be longer than it is."""
    assert problem_of(de55=chip(**{f"_{tag}": None})) == f"055 missing_tag {tag}"
    assert problem_of(de55=chip() + f"{tag}{len(CHIP[tag]) // 2:02X}{CHIP[tag]}") == f"055 wrong_tag {tag}"
    assert problem_of(de55=chip(**{f"_{tag}": CHIP[tag] + "00"})) == f"055 wrong_tag {tag}"


@pytest.mark.parametrize("tag", ["9F02", "9F03", "5F2A", "9F1A", "9C"])
def test_signed_numbers_are_digits(tag):
    """Packed digits, each of them, high and low."""
    for spoilt in ("A0", "0A"):
        assert problem_of(de55=chip(**{f"_{tag}": spoilt + CHIP[tag][2:]})) == f"055 wrong_tag {tag}"
        assert problem_of(de55=chip(**{f"_{tag}": CHIP[tag][:-2] + spoilt})) == f"055 wrong_tag {tag}"


@pytest.mark.parametrize(
    ("tag", "value", "name", "number"),
    [
        ("9F02", "000000000000", "signed_amount_minor", 0),
        ("9F02", "000000000001", "signed_amount_minor", 1),
        ("9F02", "999999999999", "signed_amount_minor", 10**12 - 1),
        ("5F2A", "0000", "signed_currency", 0),
        ("5F2A", "0999", "signed_currency", 999),
        ("9F1A", "0001", "country", 1),
        ("9F36", "0000", "atc", 0),
        ("9F36", "0102", "atc", 0x0102),
        ("9F36", "FFFF", "atc", 0xFFFF),
        ("9F10", "06000103A40000", "key_index", 0),
        ("9F10", "0A010203A4000000000001", "limited_use_key", 1),
        ("9F10", "0A010203A4000099999999", "limited_use_key", 99_999_999),
    ],
)
def test_the_least_and_the_most_that_is_signed(tag, value, name, number):
    """To verify a card, nothing is signed for; whether a code means anything is for the checks to say."""
    assert command_of(de55=chip(**{f"_{tag}": value}))[name] == number


@pytest.mark.parametrize(("information", "is_online"), [("80", 1), ("BF", 1), ("00", 0), ("40", 0), ("C0", 0)])
def test_which_cryptograms_ask_for_a_decision(information, is_online):
    """The two high bits of tag 9F27 are 10 for an ARQC; the others say nothing of it (EMV Book 3, table 15)."""
    *_, online = read(message(de55=chip(_9F27=information)))
    assert online.tolist() == [is_online]


@pytest.mark.parametrize(
    ("data", "problem"),
    [("9F", "cut_off"), ("9F02", "cut_off"), ("9F0206", "cut_off"), ("9F0280", "wrong_length"),
     ("1F818181010100", "wrong_structure"), ("E0029C01", "cut_off"), ("E0039C8000", "wrong_length")],
)  # fmt: skip
def test_chip_data_that_are_no_data_objects(data, problem):
    """On the outermost level or in a template: it is DE 55 that is named."""
    assert problem_of(de55=data) == f"055 {problem}"


@pytest.mark.parametrize(
    ("digits", "number"), [("", 0), ("00", 0), ("99", 99), ("0102", 102), ("9A", -1), ("A900", -1), ("00F0", -1)]
)
def test_packed_digits(digits, number):
    """Two in a byte; -1 where half a byte is none."""
    packed = np.frombuffer(bytes.fromhex(f"FF{digits}FF"), np.uint8)
    assert packed_number(packed, 1, len(digits) // 2) == number


def test_the_signed_date():
    """A day of some year, or zero: a phone that shows a QR code does not know it."""
    for date in ("261124", "240229", "000000"):
        assert command_of(de55=chip(_9A=date))["cryptogram_outcome"] == CryptogramOutcome.INVALID
    for date in ("261324", "260230", "000001", "26112A"):
        assert problem_of(de55=chip(_9A=date)) == "055 wrong_tag 9A"
