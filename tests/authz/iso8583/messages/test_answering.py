"""From a decision to its answer: what `write_answers` wrote, read again by the codec."""

import numpy as np
import pytest

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import new_places, split_frames
from authz.iso8583.messages.answer_reading import NO_NUMBER, read_answers
from authz.iso8583.messages.answering import room_for_answers, write_answers
from authz.iso8583.messages.responses import plain_response
from authz.vocabulary.commands import RESULT
from authz.vocabulary.reasons import ANSWERS, Reason
from tests.authz.iso8583.messages.messages import TABLE, framed, message
from tokenvault.vocabulary.identifiers import Prefix, to_text

PAR = b"TAPW0123456789ABCDEFGHJKMNPQR"


def answers(requests, results, references=None, issuer_data=None):
    """The bytes of the answers to some requests."""
    buffer, frames = framed(*requests)
    rows = np.zeros(len(requests), RESULT)
    for row, values in zip(rows, results, strict=True):
        for name, value in values.items():
            row[name] = value
    names = np.zeros((len(requests), 29), np.uint8)
    for row, reference in zip(names, references or [], strict=False):
        row[:] = list(reference)
    data, lengths = np.zeros((len(requests), 8), np.uint8), np.zeros(len(requests), np.uint8)
    for number, told in enumerate(issuer_data or []):
        data[number, : len(told)], lengths[number] = list(told), len(told)
    out = room_for_answers(len(requests))
    length = write_answers(buffer, frames, TABLE, new_places(), rows, names, data, lengths, out)
    return out[:length].tobytes()


def answer(request, reference=None, issuer_data=None, **result):
    """The fields of one answer."""
    told = answers([request], [result], [reference] if reference else None, [issuer_data] if issuer_data else None)
    assert int.from_bytes(told[:2], "big") == len(told) - 2
    return codec.decode(told[2:], built_in())


ECHOED = {number: message()[number] for number in (3, 4, 7, 11, 32, 37, 41, 42, 49)}


def test_an_approval():
    """What came is echoed; code, approval code and the decision's identifier are new."""
    told = answer(message(de12="120000", de13="1124"), reason=Reason.APPROVED, approval_code=123, sequence=77)
    assert told == {
        0: "0110", **ECHOED, 12: "120000", 13: "1124", 38: "000123", 39: "00",
        62: to_text(Prefix.AUTHORIZATION, 77),
    }  # fmt: skip


@pytest.mark.parametrize("acquirer", ["", "1", "1" * 11])
def test_a_field_of_any_length_is_echoed(acquirer):
    """DE 32 as it came, also where it is there and holds nothing."""
    assert answer(message(de32=acquirer), reason=Reason.APPROVED)[32] == acquirer


def test_a_decline():
    """No approval code, no conversion and no amounts, whatever the result holds."""
    told = answer(
        message(), reason=Reason.INSUFFICIENT_FUNDS, approval_code=9, conversion_rate=71234567, sequence=2**40 + 5
    )
    assert told == {0: "0110", **ECHOED, 39: "51", 62: to_text(Prefix.AUTHORIZATION, 2**40 + 5)}


@pytest.mark.parametrize(("asked", "told"), [("0100", "0110"), ("0201", "0210"), ("0420", "0430"), ("0121", "0130")])
def test_message_types_of_answers(asked, told):
    """A repeat gets the answer of its first."""
    assert answer(message(de0=asked), reason=Reason.APPROVED)[0] == told


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_code(reason):
    """Two characters of DE 39; an approval code goes with an approval only."""
    told = answer(message(), reason=reason, approval_code=1)
    assert told[39] == ANSWERS[reason].response_code
    assert (38 in told) == reason.is_approval


def test_a_converted_amount():
    """DE 6, DE 10 and DE 51, in the account's currency."""
    told = answer(
        message(de49="840"), reason=Reason.APPROVED, conversion_rate=79259259, billing_minor=1157, billing_currency=978
    )
    assert (told[6], told[10], told[51], told[49]) == ("000000001157", "79259259", "978", "840")
    assert 6 not in answer(message(), reason=Reason.APPROVED, billing_minor=1250)
    assert answer(message(), reason=Reason.APPROVED, conversion_rate=1, billing_minor=1250)[10] == "00000001"


def test_a_part():
    """DE 4 is what was approved, DE 54 what was asked for."""
    told = answer(message(), reason=Reason.PARTIALLY_APPROVED, approved_minor=1000, approval_code=5)
    assert (told[4], told[39], told[54]) == ("000000001000", "10", "3057978C000000001250")


def test_balances():
    """Where they were asked for: what is owed is a debit, what is left a credit."""
    told = answer(
        message(de3="310000"), reason=Reason.APPROVED, posted_minor=5, available_minor=99_995, billing_currency=978
    )
    assert told[54] == "3001978D000000000005" + "3002978C000000099995"
    told = answer(
        message(de3="310000"), reason=Reason.APPROVED, posted_minor=-5, available_minor=0, billing_currency=978
    )
    assert told[54] == "3001978C000000000005" + "3002978C000000000000"
    assert 54 not in answer(message(de3="310000"), reason=Reason.CARD_FROZEN)


def test_issuer_authentication_and_account_reference():
    """DE 55 with tag 91, and tag 9F24 where the account's reference is known; DE 56 says it too."""
    data = bytes.fromhex("A1A2A3A4A5A6A7A8")
    told = answer(message(), reference=PAR, issuer_data=data, reason=Reason.APPROVED)
    assert told[55] == "9108" + data.hex().upper() + "9F241D" + PAR.hex().upper()
    assert told[56] == PAR.decode()
    told = answer(message(), issuer_data=data[:4], reason=Reason.APPROVED)
    assert told[55] == "9104A1A2A3A4"
    assert 56 not in told
    told = answer(message(), issuer_data=data[:1], reason=Reason.APPROVED)
    assert told[55] == "9101A1"
    told = answer(message(), reference=PAR, reason=Reason.APPROVED)
    assert 55 not in told
    assert told[56] == PAR.decode()


def test_many_answers_one_after_the_other():
    """Each framed by itself, and read again by whoever waits for thousands: STAN and response code."""
    requests = [message(de11=f"{number:06d}", de32="1" * (number % 11 + 1)) for number in range(5)]
    reasons = [Reason.APPROVED, Reason.CARD_FROZEN, Reason.EXCEEDS_LIMIT, Reason.PARTIALLY_APPROVED, Reason.APPROVED]
    told = answers(requests, [{"reason": reason, "sequence": 1} for reason in reasons])
    buffer, frames = np.frombuffer(told, np.uint8), np.zeros((9, 2), np.int32)
    assert split_frames(buffer, frames, 4096) == (5, len(told), 0)
    numbers, codes = np.zeros(5, np.int64), np.zeros(5, np.uint16)
    read_answers(buffer, frames[:5], TABLE, new_places(), numbers, codes)
    assert numbers.tolist() == [0, 1, 2, 3, 4]
    assert [int(code).to_bytes(2, "big").decode() for code in codes] == ["00", "62", "61", "10", "00"]


def test_answers_to_messages_of_many_types():
    """Each has the type of its own request, wherever that stands."""
    types = ["0100", "0220", "0421", "0200"]
    stream = answers([message(de0=each) for each in types], [{"reason": Reason.APPROVED}] * len(types))
    told = []
    while stream:
        end = 2 + int.from_bytes(stream[:2], "big")
        told.append(codec.decode(stream[2:end], built_in())[0])
        stream = stream[end:]
    assert told == ["0110", "0230", "0430", "0210"]


def test_answers_that_say_nothing():
    """Without DE 11, without DE 39, or no message at all."""
    buffer, frames = framed({0: "0110", 39: "00"}, {0: "0110", 11: "000009"}, {0: "0110", 11: "000007", 39: "05"})
    frames[2, 1] -= 1
    numbers, codes = np.full(3, 5, np.int64), np.full(3, 5, np.uint16)
    read_answers(buffer, frames, TABLE, new_places(), numbers, codes)
    assert numbers.tolist() == [NO_NUMBER, 9, NO_NUMBER]
    assert codes.tolist() == [0x3030, 0, 0]


def test_answers_to_what_is_not_decided():
    """What tells the sender which message it answers, and a code."""
    request = {0: "0800", 3: "990000", 7: "1124120000", 11: "000001", 37: "REF", 41: "TERM0001", 49: "978", 70: "301"}
    assert plain_response(request, "00") == {
        0: "0810", 3: "990000", 7: "1124120000", 11: "000001", 37: "REF", 41: "TERM0001", 70: "301", 39: "00",
    }  # fmt: skip
    assert plain_response({0: "0100"}, "30") == {0: "0110", 39: "30"}
