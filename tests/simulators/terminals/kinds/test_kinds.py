"""Every kind of terminal, over real ISO 8583: what each does to the account."""

import pytest
from iso8583 import decode as their_decode

from authz.vocabulary.commands import CardholderVerification
from simulators.terminals.kinds.cash_machine import CashMachine
from simulators.terminals.kinds.fuel_pump import FuelPump
from simulators.terminals.kinds.hotel_desk import HotelDesk
from simulators.terminals.kinds.online_shop import OnlineShop
from simulators.terminals.kinds.pin_pad import PinPad
from simulators.terminals.kinds.qr_scanner import QrScanner
from simulators.terminals.kinds.restaurant import RestaurantTerminal
from simulators.terminals.kinds.transit_gate import DenyList, TransitGate
from simulators.terminals.kinds.vending_machine import VendingMachine
from simulators.terminals.message_log import Trace, as_json_lines
from simulators.terminals.terminal import Capability, Merchant, Terminal
from simulators.wallet.phone import CannotDoThis
from tests.authz.iso8583.encoding.test_codec import TABLE
from tokenvault.emv.errors import EmvError

CHANNELS = {"channels": ["contactless", "e_commerce", "qr_code"]}
PIN = "7391"


@pytest.fixture
def account(issuer):
    """An account of its own."""
    return issuer.open_account("EUR", 250_000)["id"]


@pytest.fixture
def phone(issuer, account, new_phone):
    """A phone whose token is good for every channel, on a card with a PIN."""
    made = new_phone()
    made.card = issuer.issue_card(account)["id"]
    issuer.set_pin(made.card, PIN)
    made.provision(made.card, domain=CHANNELS)
    return made


@pytest.fixture
def at(sandbox, clock):
    """Makes terminals of the shared network."""
    made = []

    def make(kind, **options):
        made.append(kind(sandbox.iso_address, clock=clock, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def balance(issuer, account):
    """What is posted and held now."""

    def read():
        told = issuer.balance(account)
        return told["posted"], told["held"]

    return read


@pytest.fixture
def reason(issuer):
    """Why a payment came out as it did."""
    return lambda receipt: issuer.authorization(receipt.authorization_id)["reason"]


def test_a_restaurant(at, phone, balance):
    """Held, then posted with the tip."""
    bistro = at(RestaurantTerminal)
    bill = bistro.pay(phone, 8_000)
    assert balance() == (0, 8_000)
    assert bistro.add_tip(bill, 1_200).approved
    assert balance() == (9_200, 0)


def test_a_fuel_pump(at, phone, balance):
    """A tank held, a litre posted; nothing filled in, nothing owed."""
    pump = at(FuelPump, tank_minor=12_000)
    assert balance() == (0, 0)
    unlocked = pump.unlock(phone)
    assert (balance(), unlocked.request[25]) == ((0, 12_000), "06")
    pump.hang_up_nozzle(unlocked, 3_021)
    pump.hang_up_nozzle(pump.unlock(phone), 0)
    assert balance() == (3_021, 0)


def test_a_hotel(at, phone, balance):
    """Grows with the stay, is posted at its end."""
    desk = at(HotelDesk)
    stay = desk.check_in(phone, 20_000)
    desk.extend(stay, 5_000)
    assert balance() == (0, 25_000)
    assert desk.check_out(stay, 23_000).approved
    assert balance() == (23_000, 0)


def test_a_vending_machine(at, phone, balance):
    """A snack, and one that gets stuck."""
    machine = at(VendingMachine)
    assert len(machine.vend(phone, 250)) == 1
    assert [receipt.title for receipt in machine.vend(phone, 250, gets_stuck=True)] == ["PURCHASE", "REVERSAL"]
    assert balance() == (250, 0)


def test_a_transit_gate(at, phone, balance, issuer):
    """Opens first and asks later; who owes a fare is kept out at every gate of the operator until it is paid."""
    denied = DenyList()
    gate, other = (at(TransitGate, fare_minor=300, deny_list=denied) for _ in range(2))
    assert gate.open(phone).approved
    issuer.set_frozen(phone.card, True)
    assert gate.open(phone).approved
    assert [receipt.response_code for receipt in gate.settle()] == ["62", "62"]
    assert (len(denied), balance()) == (1, (0, 0))
    assert other.open(phone).response_code == "Z1"
    issuer.set_frozen(phone.card, False)
    assert other.rides == []
    denied.discard(gate.open(phone).request[35])
    assert gate.open(phone).approved
    assert all(receipt.approved for receipt in gate.settle())


def test_a_cash_machine(at, phone, balance, reason):
    """The PIN is verified on the wire, three wrong ones lock it, and the right one does not help then."""
    machine = at(CashMachine)
    taken = machine.withdraw(phone, 10_000, PIN)
    assert (taken.response_code, taken.title, balance()) == ("00", "CASH", (10_000, 0))
    asked = machine.balance(phone, PIN)
    assert asked.answer[54].endswith("C000000240000")
    for _ in range(3):
        assert reason(machine.withdraw(phone, 10_000, "0000")) == "pin_mismatch"
    locked = machine.withdraw(phone, 10_000, PIN)
    assert (reason(locked), locked.response_code) == ("pin_tries_exceeded", "75")
    assert balance() == (10_000, 0)


def test_how_the_cardholder_was_verified(at, phone, issuer):
    """A PIN at the machine, the phone itself at the till."""
    machine, till = at(CashMachine), at(Terminal)
    with_pin = issuer.authorization(machine.withdraw(phone, 1_000, PIN).authorization_id)
    assert next(check for check in with_pin["checks"] if check["name"] == "pin")["saw"] == "a PIN"
    transaction = till.start(100)
    till.read(phone, transaction)
    assert transaction.values["9F34"].hex() == "010002"
    assert CardholderVerification.DEVICE == 3


def test_a_repeat_of_a_wrong_pin_costs_no_second_try(at, phone, reason):
    """The same message again is the same try."""
    machine = at(CashMachine)
    wrong = machine.withdraw(phone, 1_000, "0000")
    for _ in range(3):
        again = machine.link.exchange(machine.messages.repeated(wrong.request))
        assert again[39] == "55"
    assert machine.withdraw(phone, 1_000, PIN).approved


def test_a_pin_behind_a_wrong_cryptogram_is_not_tried(at, phone, reason):
    """Nobody can use up somebody's tries without the phone."""
    machine = at(CashMachine)
    for _ in range(4):
        transaction = machine.start(1_000, "EUR", "01")
        answer = machine.read(phone, transaction)
        answer.values["9F26"] = bytes(8)
        request = machine.authorization_request(transaction, answer) | machine._pin_fields(
            "0000", answer.track2.pan, ""
        )
        assert reason(machine.send(request)) == "invalid_cryptogram"
    assert machine.withdraw(phone, 1_000, PIN).approved


def test_a_pin_without_its_key_serial_number(at, phone):
    """Is a format error that names the field; the connection goes on."""
    machine = at(CashMachine)
    transaction = machine.start(1_000, "EUR", "01")
    request = machine.authorization_request(transaction, machine.read(phone, transaction))
    for private in ("", "6202AB", "6204ZZZZ"):
        extra = {48: private} if private else {}
        assert machine.send(request | {52: "00" * 8} | extra).response_code == "30"
    assert machine.withdraw(phone, 1_000, PIN).approved


def test_pin_blocks_differ_and_say_nothing():
    """The same PIN twice gives two blocks, each under a key of its own."""
    pad = PinPad(7)
    first, second = pad.enter(PIN, "9999501000000011"), pad.enter(PIN, "9999501000000011")
    assert first[0] != second[0]
    assert int.from_bytes(second[1], "big") - int.from_bytes(first[1], "big") == 1
    assert repr(pad) == "PinPad(7)"


def test_in_an_app(at, phone, new_phone, reason, balance):
    """The phone confirms; the ECI travels; a tap's cryptogram is not taken for one."""
    shop = at(OnlineShop)
    bought = shop.pay_in_app(phone, 4_900)
    assert (bought.response_code, bought.request[48], bought.method) == ("00", "420205", "IN APP")
    transaction = shop.start(100)
    assert reason(shop.authorize(transaction, phone.tap(transaction.values))) == "wrong_entry_mode"
    till = at(Terminal)
    transaction = till.start(100)
    assert reason(till.authorize(transaction, phone.confirm(transaction.values))) == "wrong_entry_mode"
    phone.is_locked = True
    with pytest.raises(CannotDoThis, match="locked"):
        shop.pay_in_app(phone, 100)
    assert balance() == (0, 4_900)


def test_codes_that_phones_show(at, phone, reason, balance):
    """Good once, for any amount; not at a terminal that says it was a tap."""
    scanner = at(QrScanner)
    code = phone.show_code()
    assert scanner.pay_by_code(code, 1_490).approved
    assert reason(scanner.pay_by_code(code, 1_490)) == "replayed_cryptogram"
    with_tap = at(QrScanner, entry_mode="071")
    assert reason(with_tap.pay_by_code(phone.show_code(), 100)) == "wrong_entry_mode"
    with pytest.raises(EmvError):
        scanner.pay_by_code("aGVsbG8=", 100)
    assert balance() == (0, 1_490)


def test_codes_that_merchants_show(at, phone, reason):
    """The phone signs what the code says; another amount on the wire is refused."""
    stall = at(QrScanner, merchant=Merchant(name="MARKET STALL"))
    assert stall.take(phone.scan(stall.show_code(720))).approved
    payment = phone.scan(stall.show_code(), amount_minor=300)
    assert (payment.code.merchant_name, payment.amount_minor) == ("MARKET STALL", 300)
    request = stall.authorization_request(stall.start(301), payment.answer)
    assert reason(stall.send(request | {4: f"{301:012d}"})) in ("cryptogram_data_mismatch", "invalid_cryptogram")
    with pytest.raises(CannotDoThis, match="no amount"):
        phone.scan(stall.show_code())


def test_partial_approvals(at, phone, issuer, account):
    """Asked for in DE 48, told in DE 4 and on the receipt."""
    generous = at(Terminal, capability=Capability(partial_approvals=True))
    for _ in range(2):
        generous.pay(phone, 120_000)
    part = generous.pay(phone, 50_000)
    assert (part.response_code, part.approved_minor) == ("10", 10_000)
    assert "100.00 EUR" in part.text()


def test_receipts(at, phone):
    """As text 32 characters wide, and as a picture that is well-formed SVG."""
    from xml.etree import ElementTree

    till = at(Terminal, merchant=Merchant(name="A & B <CAFE>"))
    receipt = till.pay(phone, 1_250)
    lines = receipt.text().split("\n")
    assert max(map(len, lines)) <= 32
    assert "12.50 EUR" in receipt.text()
    picture = ElementTree.fromstring(receipt.picture())
    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert [text or "" for text in texts] == lines


def test_traces_are_real_messages_with_numbers_masked(at, phone):
    """What went over the line, readable elsewhere; no card number, no PIN."""
    trace = Trace()
    sent = []

    def watch(direction, encoded, dialect):
        trace.watcher("till")(direction, encoded, dialect)
        sent.append(encoded)

    machine = at(CashMachine, watcher=watch)
    machine.withdraw(phone, 1_000, PIN)
    spec = {key: {name: value for name, value in entry.items() if name != "content"} for key, entry in TABLE.items()}
    theirs, _ = their_decode(sent[0], spec)
    pan = theirs["35"].partition("=")[0]
    shown = as_json_lines(trace.messages)
    assert [message.message[0] for message in trace.messages] == ["0200", "0210"]
    assert pan not in shown
    assert theirs["52"] not in shown
    assert "(PIN)" in trace.messages[0].line()
