"""The phone as a card: what readers ask in APDUs, right and wrong, and what kinds of devices answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.terminals.terminal import Terminal
from simulators.wallet.card import apdu
from simulators.wallet.card.apdu import ApduError, Command, Response
from simulators.wallet.card.contactless_reader import ContactlessReader, ReadingFailed
from simulators.wallet.card.device_kinds import BAND, CAR, PHONE, WATCH
from simulators.wallet.card.payment_application import Flow
from simulators.wallet.phone import CannotDoThis, NoNetwork
from tokenvault.emv.cryptograms.cryptogram_versions import TAPWRIGHT_AES
from tokenvault.emv.encodings import tlv

IDENTIFIER = bytes.fromhex("F0000054415057")
PPSE = b"2PAY.SYS.DDF01"


@pytest.fixture
def card_id(issuer):
    """A card."""
    return issuer.issue_card(issuer.open_account("EUR", 100_000)["id"])["id"]


@pytest.fixture(params=list(Flow))
def phone(request, new_phone, card_id):
    """A phone of either flow."""
    made = new_phone(flow=request.param)
    made.provision(card_id)
    made.flow = request.param
    return made


def send(phone, cla, ins, p1, p2, data=b""):
    """One command; the response."""
    return Response.decode(phone.transmit(Command(cla, ins, p1, p2, data).encode()))


def select(phone, name):
    """Select by name."""
    return send(phone, 0, apdu.SELECT, 4, 0, name)


def test_the_directory_leads_to_the_application(phone):
    """PPSE names the AID; selecting it, or its beginning, tells what the terminal must say."""
    assert select(phone, PPSE).objects()["4F"] == IDENTIFIER
    wanted = select(phone, IDENTIFIER).objects()["9F38"]
    tags = [tag for tag, _ in tlv.decode_object_list(wanted)]
    assert tags == (["9F66"] if phone.flow is Flow.GENERATE_AC else [
        "9F66", "9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37"
    ])  # fmt: skip
    assert select(phone, IDENTIFIER[:5]).is_success
    assert select(phone, b"A0000").status == apdu.NOT_FOUND


def test_what_is_refused(phone):
    """Everything out of order, unknown or malformed has a status word of its own; nothing is signed by it."""
    assert send(phone, 0x80, apdu.GET_PROCESSING_OPTIONS, 0, 0, bytes.fromhex("8300")).status == 0x6985
    assert send(phone, 0x80, apdu.GET_DATA, 0x9F, 0x36).status == 0x6985
    select(phone, IDENTIFIER)
    assert send(phone, 0x80, apdu.GET_PROCESSING_OPTIONS, 0, 0, bytes.fromhex("8300")).status == apdu.WRONG_DATA
    assert send(phone, 0x80, apdu.GET_PROCESSING_OPTIONS, 0, 0, bytes.fromhex("8403000000")).status == apdu.WRONG_DATA
    assert send(phone, 0, apdu.READ_RECORD, 1, 0x0C).status == 0x6985
    assert send(phone, 0x80, apdu.GENERATE_APPLICATION_CRYPTOGRAM, 0x80, 0, bytes(29)).status == 0x6985
    assert send(phone, 0, apdu.SELECT, 0, 0, IDENTIFIER).status == apdu.WRONG_PARAMETERS
    assert send(phone, 0, 0x20, 0, 0).status == apdu.UNKNOWN_INSTRUCTION
    assert send(phone, 0x90, 0xCA, 0, 0).status == apdu.UNKNOWN_CLASS
    assert Response.decode(phone.transmit(b"\x00")).status == apdu.WRONG_LENGTH
    assert phone.transaction_counter() == 0


def test_the_cryptogram_is_over_what_the_terminal_said(phone, terminal):
    """The same values that the reader sent, and the phone's own; the counter can be asked for."""
    transaction = terminal.start(1_250)
    answer = phone.tap(transaction.values)
    known = transaction.values | answer.values
    assert answer.values["9F36"] == (1).to_bytes(2, "big")
    assert TAPWRIGHT_AES.number == answer.values["9F10"][2]
    assert answer.values["9F6C"] == bytes.fromhex("0080")
    assert answer.values["9F6E"][0] == PHONE.form_factor
    assert {"9F02", "9F37", "82", "9F26"} <= known.keys()
    select(phone, IDENTIFIER)
    assert send(phone, 0x80, apdu.GET_DATA, 0x9F, 0x36).objects()["9F36"] == answer.values["9F36"]
    assert send(phone, 0x80, apdu.GET_DATA, 0x9F, 0x17).status == apdu.DATA_NOT_FOUND
    assert terminal.authorize(transaction, answer).approved


def test_one_cryptogram_a_conversation(phone, terminal):
    """Whoever wants another has to select again."""
    phone.tap(terminal.start(100).values)
    again = send(phone, 0x80, apdu.GET_PROCESSING_OPTIONS, 0, 0, bytes.fromhex("830400000000"))
    assert again.status in (0x6985, apdu.WRONG_DATA)


def test_only_what_goes_online_is_signed(new_phone, card_id, terminal):
    """GENERATE AC for an offline approval or a decline is refused."""
    phone = new_phone(flow=Flow.GENERATE_AC)
    phone.provision(card_id)
    select(phone, IDENTIFIER)
    send(phone, 0x80, apdu.GET_PROCESSING_OPTIONS, 0, 0, bytes.fromhex("830436004000"))
    for kind in (0x00, 0x40):
        data = bytes(29)
        assert send(phone, 0x80, apdu.GENERATE_APPLICATION_CRYPTOGRAM, kind, 0, data).status == apdu.WRONG_PARAMETERS
    assert send(phone, 0, apdu.READ_RECORD, 3, 0x0C).status == apdu.RECORD_NOT_FOUND
    assert send(phone, 0, apdu.READ_RECORD, 1, 0x14).status == apdu.NOT_FOUND
    assert phone.transaction_counter() == 0


@given(st.binary(max_size=40), st.lists(st.binary(max_size=20), max_size=3))
def test_arbitrary_bytes(first, more):
    """Whatever a reader sends is answered by a status word."""
    from simulators.wallet.card.payment_application import PaymentApplication, Personalization

    class Wallet:
        def personalization(self):
            return Personalization(
                IDENTIFIER, b"\x19\x80", bytes.fromhex("9999501000000011D29112010F"), "01", "2911", bytes(4)
            )

        def sign(self, values):
            return {"9F26": bytes(8)}

        def transaction_counter(self):
            return 1

    application = PaymentApplication(Wallet(), Flow.QUICK, bytes)
    for command in (Command(0, apdu.SELECT, 4, 0, IDENTIFIER).encode(), first, *more):
        answer = application.transmit(command)
        assert len(answer) >= 2
        Response.decode(answer)


@pytest.mark.parametrize(
    "encoded", ["00", "00A40400", "00A4040000", "00A404000201", "00A40400010200", "00A404000102FF00"]
)
def test_short_commands(encoded):
    """Those that are well formed come back as they were; the others are refused."""
    data = bytes.fromhex(encoded)
    try:
        command = Command.decode(data)
    except ApduError:
        assert encoded in ("00", "00A404000201", "00A404000102FF00")
        return
    assert command.encode() == data


def test_a_locked_phone_a_watch_and_a_band(new_phone, card_id, terminal):
    """A phone must be unlocked, a watch stays so, a band verifies nobody: small amounts only."""
    phone, watch, band = (new_phone(traits=traits) for traits in (PHONE, WATCH, BAND))
    for each in (phone, watch, band):
        each.provision(card_id)
        each.is_locked = True
    with pytest.raises(ReadingFailed, match="see_phone"):
        terminal.pay(phone, 100)
    assert terminal.pay(watch, 10_000).approved
    assert terminal.pay(band, 5_000).approved
    with pytest.raises(ReadingFailed, match="cardholder_not_verified"):
        terminal.pay(band, 5_001)
    with pytest.raises(CannotDoThis, match="no screen"):
        band.show_code()


def test_a_car_has_no_antenna(new_phone, card_id, terminal):
    """It pays in apps only."""
    car = new_phone(traits=CAR)
    car.provision(card_id)
    with pytest.raises(ReadingFailed, match="no_application"):
        terminal.pay(car, 100)
    assert car.confirm(terminal.start(100).values).values["9F10"].hex().endswith("01")


def test_without_a_network_and_after_a_reset(new_phone, card_id, terminal):
    """A phone without a network pays and cannot call; a reset one has nothing left."""
    phone = new_phone()
    phone.provision(card_id)
    phone.has_network = False
    assert terminal.pay(phone, 100).approved
    with pytest.raises(NoNetwork):
        phone.refill()
    phone.factory_reset()
    with pytest.raises(ReadingFailed, match="no_application"):
        terminal.pay(phone, 100)
    with pytest.raises(CannotDoThis, match="holds no token"):
        phone.show_code()


class Slow:
    """A card whose answers take their time on a stopwatch of the test's own."""

    def __init__(self, phone, seconds):
        self.phone, self.seconds, self.now = phone, seconds, 0.0

    def transmit(self, encoded):
        """Hand on, and let time pass."""
        self.now += self.seconds
        return self.phone.transmit(encoded)


@pytest.mark.parametrize(("seconds", "passes"), [(0.004, True), (0.006, False)])
def test_the_relay_resistance_check(new_phone, card_id, terminal, seconds, passes):
    """The reader measures one answer; a phone far away takes too long."""
    phone = new_phone()
    phone.provision(card_id)
    slow = Slow(phone, seconds)
    reader = ContactlessReader(0.005, lambda: slow.now)
    if passes:
        assert reader.read(slow, terminal.start(100).values).values["9F26"]
    else:
        with pytest.raises(ReadingFailed, match="relay_suspected"):
            reader.read(slow, terminal.start(100).values)


def test_a_card_that_answers_nonsense(terminal):
    """The reader says so, whatever it is."""

    class Nonsense:
        def transmit(self, encoded):
            return b"\x6f\x7f\x90\x00"

    with pytest.raises(ReadingFailed, match="unreadable_card"):
        terminal.pay(Nonsense(), 100)
    assert isinstance(terminal, Terminal)
