"""Whatever text or bytes come in, what reads them answers with a value or with the errors that it documents."""

import base64
import contextlib
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

import authz
import simulators
import tokenvault
from authz.iso8583.dialects import dialect_files
from authz.iso8583.dialects.fields import DialectError
from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import FormatError
from authz.journal.records import decode_header
from authz.payments.events import Position
from authz.program.conditions import form_of, meter_of
from authz.program.document import ProgramInvalid, read_document
from authz.program.periods import trailing_seconds
from simulators.cli.actions.switch import route_of
from simulators.message_tools.hexadecimal import NotHexadecimal, bytes_of
from simulators.sandbox.feeds.event_places import EventPlaces
from simulators.sandbox.settings.iso_listeners import listener_of
from simulators.sandbox.stream.places import Places
from simulators.scenarios.document import ScenarioError, parse_scenario
from simulators.scenarios.file_errors.located_yaml import NotYaml, read_yaml
from simulators.wallet.card.apdu import ApduError, Command, Response
from simulators.wallet.qr import consumer_presented
from simulators.wallet.qr.merchant_presented import MerchantCode
from tokenvault.emv.encodings import qr, tlv
from tokenvault.emv.errors import EmvError
from tokenvault.emv.keys.limited_use_keys import KeyIndex
from tokenvault.emv.pin import pin_block
from tokenvault.events.audit import Head
from tokenvault.keys.pkcs11_root_key import Pkcs11Location
from tokenvault.keys.root_keys import root_key_from_text
from tokenvault.outgoing.target_uri import normalized
from tokenvault.outgoing.webhook_signatures import secret_bytes
from tokenvault.tokens.credentials import TokenCredentials
from tokenvault.vocabulary.errors import FieldError, KeyUnavailable, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number
from tokenvault.vocabulary.pan import Track2, check_payment_account_reference

_CODE = base64.b64encode(bytes.fromhex("8505") + b"CPV01" + bytes.fromhex("61024F00")).decode()
_MERCHANT_CODE = qr.encode_merchant_presented(
    [
        ("00", "01"),
        ("26", [("00", "TAPWRIGHT.PAY"), ("01", "M1")]),
        ("52", "5814"),
        ("53", "978"),
        ("54", "1.5"),
        ("58", "DE"),
        ("59", "CAFE"),
        ("60", "BERLIN"),
        ("62", [("05", "R1")]),
    ]
)
_DIALECT = dialect_files.dialect_named("bcd_1987")

# Each reader with a good input, so that what is tried lies near it too, and the errors that it documents.
TEXT_READERS: dict[Callable, tuple[str, tuple[type[Exception], ...]]] = {
    KeyIndex.parse: ("6000102", (EmvError,)),
    Position.parse: ("42/1/0", (ValueError,)),
    EventPlaces.parse: (str(EventPlaces(7, Position(42, 1, 0))), (NotFound,)),
    Places.parse: (str(Places(7, 8, Position(42, 1, 0), 9)), (FieldError,)),
    qr.decode_consumer_presented: (_CODE, (EmvError,)),
    qr.decode_merchant_presented: (_MERCHANT_CODE, (EmvError,)),
    qr.read_template: ("0002AB", (EmvError,)),
    Head.parse: ("1:" + "0" * 64, (ValueError,)),
    secret_bytes: ("whsec_" + "QUFB" * 8, (ValueError,)),
    Pkcs11Location.parse: ("pkcs11:token=a;object=b?module-path=c", (ValueError,)),
    root_key_from_text: ("00" * 32, (KeyUnavailable,)),
    Track2.parse: ("9999501012345678D29112010", (FieldError,)),
    check_payment_account_reference: ("TPW1A7C0Q9M2X5B8N4V6Z3K1L0J9H", (FieldError,)),
    normalized: ("http://example.com/", (ValueError,)),
    FormatError.read: ("055 missing_tag 9F26", ()),
    dialect_files.dialect_named: ("bcd_1987", (DialectError,)),
    trailing_seconds: ("24h", (ValueError,)),
    meter_of: ("count_24h", ()),
    form_of: ("count_24h", (ValueError,)),
    read_document: ('{"time_zone": "UTC", "rules": []}', (ProgramInvalid,)),
    listener_of: ("bcd_1987:8583", (ValueError,)),
    partial(bytes_of, name="the message"): ("00 FF", (NotHexadecimal,)),
    route_of: ("9999=localhost:8583", (ValueError,)),
    consumer_presented.decode: (_CODE, (EmvError,)),
    MerchantCode.decode: (_MERCHANT_CODE, (EmvError,)),
    parse_scenario: ("scenario: A coffee\nsteps:\n  - tap: {amount: 3.50}\n", (ScenarioError,)),
    read_yaml: ("steps:\n  - tap: {amount: 3.50}\n", (NotYaml,)),
    partial(to_number, Prefix.CARD): ("card_0J9ZP2M7K4B1X", (NotFound,)),
}
BYTES_READERS: dict[Callable, tuple[bytes, tuple[type[Exception], ...]]] = {
    tlv.read_tag: (bytes.fromhex("9F26"), (EmvError,)),
    tlv.decode: (bytes.fromhex("6F048402A000"), (EmvError,)),
    tlv.decode_placed: (bytes.fromhex("6F048402A000"), (EmvError,)),
    tlv.decode_object_list: (bytes.fromhex("9F02069F0306"), (EmvError,)),
    pin_block.decode: (bytes.fromhex("241234FFFFFFFFFF"), (EmvError,)),
    Track2.decode: (bytes.fromhex("9999501012345678D29112010F"), (FieldError,)),
    TokenCredentials.decode: (b'{"format": "tapwright-token-credentials-1"}', (FieldError,)),
    decode_header: (b"TWJR" + bytes(28), ()),
    Command.decode: (bytes.fromhex("00A4040002AABB00"), (ApduError,)),
    Response.decode: (bytes.fromhex("9000"), (ApduError,)),
    partial(codec.decode, dialect=_DIALECT): (b"0800" + bytes(8), (codec.MessageError,)),
    partial(read_document): (b"{}", (ProgramInvalid,)),
}

# What shows or answers, and so reads nothing that it does not get from a reader.
_VERBS = re.compile(r"_verb$")


def _readers(kind):
    """Every public function of the packages that is named as a reader and takes nothing but text, or bytes."""
    for package in (tokenvault, authz, simulators):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name and ".kernel" not in found.name:
                for function in _functions_of(importlib.import_module(found.name)):
                    first, *others = [*inspect.signature(function, eval_str=True).parameters.values(), None]
                    takes_kind = first is not None and first.annotation in (kind, str | bytes)
                    if takes_kind and all(each is None or each.default is not each.empty for each in others):
                        yield function


def _functions_of(module):
    """Its own functions and class methods that are named as readers."""
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) == module.__name__:
            members = vars(value) if inspect.isclass(value) else {name: value}
            for member, raw in members.items():
                reads = re.match(r"(decode|parse|read)(_|$)", member) and not _VERBS.search(member)
                if reads and (inspect.isfunction(value) or isinstance(raw, classmethod)):
                    yield getattr(value, member) if inspect.isclass(value) else value


@pytest.mark.parametrize(("kind", "table"), [(str, TEXT_READERS), (bytes, BYTES_READERS)])
def test_every_reader_is_tried(kind, table):
    """A new reader is tried like the others."""
    tried = {*table, *(each.func for each in table if isinstance(each, partial))}
    assert [reader for reader in _readers(kind) if reader not in tried] == []


def _read(reader, errors, content):
    with contextlib.suppress(*errors):
        reader(content)


def _name(case):
    return getattr(case, "__qualname__", None) or getattr(getattr(case, "func", None), "__qualname__", None)


def _near(good, anything):
    """Anything at all, a good input that breaks off, and one with something else in the middle."""

    def spoilt(places):
        start, end, inserted = places
        return good[: min(start, end)] + inserted + good[max(start, end) :]

    place = st.integers(0, len(good))
    return anything | st.tuples(place, place, anything).map(spoilt)


@pytest.mark.parametrize("reader", TEXT_READERS, ids=_name)
@given(data=st.data())
def test_any_text_is_read_or_refused(reader, data):
    """Text of any characters: no other error than the documented ones."""
    good, errors = TEXT_READERS[reader]
    _read(reader, errors, data.draw(_near(good, st.text())))


@pytest.mark.parametrize("reader", BYTES_READERS, ids=_name)
@given(data=st.data())
def test_any_bytes_are_read_or_refused(reader, data):
    """Bytes of any kind: no other error than the documented ones."""
    good, errors = BYTES_READERS[reader]
    _read(reader, errors, data.draw(_near(good, st.binary())))


@pytest.mark.parametrize("reader", TEXT_READERS, ids=_name)
@pytest.mark.parametrize("text", ["é", "\ud800", "٣" * 3, "\0", "9" * 5000, "[" * 20_000, '{"a":' * 20_000])
def test_hard_texts_are_read_or_refused(reader, text):
    """Letters outside ASCII, half a character, other digits, long numbers, deep nesting; alone and within."""
    good, errors = TEXT_READERS[reader]
    for content in (text, good + text, text + good, good[:-8] + text + good[-8:]):
        _read(reader, errors, content)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e9", "-1", "1_0", "٣", ".", "1.5.1", "", "1" * 14])
def test_a_merchants_amount_is_digits_and_a_point(amount):
    """EMVCo QR MPM v1.1, 4.4.1.4: whatever else Python's decimal numbers know is none."""
    code = _MERCHANT_CODE[:-8].replace("54031.5", f"54{len(amount):02d}{amount}")
    with pytest.raises(EmvError, match="54"):
        MerchantCode.decode(code + qr.merchant_presented_checksum(code))
