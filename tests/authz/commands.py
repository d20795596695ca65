"""Building commands for tests, one readable call each."""

from authz.vocabulary.commands import Channel, CryptogramOutcome, Flag, Kind, Operation, Records, new_commands
from authz.vocabulary.layouts import LAYOUT_OF, joined, new_command
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import TokenState

NOW_US = 1_795_521_600_000_000  # 2026-11-24 12:00 UTC
EUR, USD = 978, 840


def command(kind: Kind, **values: object) -> Records:
    """One command as an array of one."""
    if kind not in set(Kind):
        made = new_commands(1)
        made["kind"], made["time_us"] = kind, NOW_US
        return made
    return new_command(kind, **{"time_us": NOW_US, **values})


def set_account(sequence: int, account: int = 7, **values: object) -> Records:
    """An account of 1000.00 EUR, at most 500.00 at once, unless told otherwise."""
    defaults = {"limit_minor": 100_000, "transaction_limit_minor": 50_000, "currency": EUR}
    return command(Kind.SET_ACCOUNT, outbox_sequence=sequence, account_id=account, **{**defaults, **values})


def set_card(sequence: int, card: int = 70, account: int = 7, **values: object) -> Records:
    """An active card."""
    return command(Kind.SET_CARD, outbox_sequence=sequence, account_id=account, card_id=card, **values)


def set_token(sequence: int, pan: int = 700, card: int = 70, account: int = 7, **values: object) -> Records:
    """An active contactless token, valid to the end of 2029."""
    defaults = {"state": TokenState.ACTIVE, "channels": 1 << Channel.CONTACTLESS, "expiry": 2912, "token_id": pan + 1}
    named = {"outbox_sequence": sequence, "account_id": account, "card_id": card, "token_pan": pan}
    return command(Kind.SET_TOKEN, **{**named, **defaults, **values})


def tap(atc: int, amount: int = 1_250, pan: int = 700, **values: object) -> Records:
    """A valid contactless tap; STAN and transmission time follow the counter."""
    defaults = {
        "token_pan": pan,
        "amount_minor": amount,
        "signed_amount_minor": amount,
        "currency": EUR,
        "signed_currency": EUR,
        "atc": atc,
        "expiry": 2912,
        "channel": Channel.CONTACTLESS,
        "cryptogram_outcome": CryptogramOutcome.VALID,
        "stan": atc,
        "transmitted": 1124120000,
        "acquirer": 12345,
        "terminal": b"TERM0001",
        "merchant": b"CAFE00000000001",
        "merchant_category": 5814,
    }
    kind = values.pop("kind", Kind.AUTHORIZATION_REQUEST)
    return command(kind, **{**defaults, **values})


_TYPES = {
    Kind.AUTHORIZATION_REQUEST: 100,
    Kind.AUTHORIZATION_ADVICE: 120,
    Kind.FINANCIAL_REQUEST: 200,
    Kind.FINANCIAL_ADVICE: 220,
}


def referring(kind: Kind, original: Records, **values: object) -> Records:
    """A message that names an earlier one in DE 90: a reversal, a completion, an increment or a refund."""
    defaults = {
        "token_pan": original["token_pan"],
        "amount_minor": original["amount_minor"],
        "currency": original["currency"],
        "stan": original["stan"] + 500_000,
        "transmitted": original["transmitted"],
        "acquirer": original["acquirer"],
        "terminal": original["terminal"],
        "channel": original["channel"],
        "merchant_category": original["merchant_category"],
        "flags": Flag.HAS_ORIGINAL,
        "original_type": _TYPES[Kind(original["kind"][0])],
        "original_stan": original["stan"],
        "original_transmitted": original["transmitted"],
        "original_acquirer": original["acquirer"],
    }
    return command(kind, **{**defaults, **values})


def reversal(original: Records, *, remaining: int | None = None, **values: object) -> Records:
    """The reversal of a message, whole unless something remains."""
    if remaining is not None:
        values |= {"replacement_minor": remaining, "flags": Flag.HAS_ORIGINAL | Flag.HAS_REPLACEMENT}
    return referring(Kind.REVERSAL_REQUEST, original, **values)


def refund(original: Records, **values: object) -> Records:
    """Money given back for a purchase."""
    kind = values.pop("kind", Kind.FINANCIAL_REQUEST)
    return referring(kind, original, operation=Operation.REFUND, **values)


def opening() -> Records:
    """One account, card and token."""
    return joined([set_account(1), set_card(2), set_token(3)])


def issuer_decision(
    message: Records, sequence: int, reason: Reason = Reason.APPROVED, amount: int | None = None
) -> Records:
    """What the issuer's decisioning webhook says of a message that waits, as the network tells the engine."""
    names = [field.name for field in LAYOUT_OF[Kind.ISSUER_DECISION].all_fields if field.name != "kind"]
    taken = {name: message[name] for name in names if name in (message.dtype.names or ())}
    amounts = {} if amount is None else {"amount_minor": amount}
    return new_command(Kind.ISSUER_DECISION, **taken | amounts | {"decision": sequence, "reason": reason})
