"""Why a command was declined: a stable vocabulary in the order of the checks, each with its DE 39."""

from dataclasses import dataclass
from enum import IntEnum


class Reason(IntEnum):
    """Outcome of a command, in the order in which the checks run: the first that fails decides."""

    APPROVED = 0
    TOKEN_NOT_FOUND = 1
    CHANNEL_NOT_ALLOWED = 2
    MISSING_CRYPTOGRAM = 3
    INVALID_CRYPTOGRAM = 4
    CRYPTOGRAM_DATA_MISMATCH = 5
    REPLAYED_CRYPTOGRAM = 6
    TOKEN_INACTIVE = 7
    TOKEN_SUSPENDED = 8
    TOKEN_DEACTIVATED = 9
    TOKEN_EXPIRED = 10
    EXPIRATION_MISMATCH = 11
    CARD_FROZEN = 12
    DUPLICATE_TRANSMISSION = 13
    CURRENCY_NOT_SUPPORTED = 14
    INVALID_AMOUNT = 15
    EXCEEDS_LIMIT = 16
    INSUFFICIENT_FUNDS = 17
    MISSING_ORIGINAL_AUTHORIZATION = 18
    ORIGINAL_AMOUNT_MISMATCH = 19

    @property
    def code(self) -> str:
        """The name outside: snake_case."""
        return self.name.lower()


@dataclass(frozen=True)
class Answer:
    """What a reason looks like outside. response_code: DE 39 (ISO 8583:1987, table of response codes)."""

    response_code: str
    sentence: str
    advice: str


_R = Reason
ANSWERS: dict[Reason, Answer] = {
    _R.APPROVED: Answer("00", "Approved.", "Nothing to do."),
    _R.TOKEN_NOT_FOUND: Answer(
        "14", "No token has this number.", "Check DE 2 and DE 35, and that the token was issued by this server."
    ),
    _R.CHANNEL_NOT_ALLOWED: Answer(
        "57", "The token may not be used in this channel.", "Check DE 22, or use a token whose domain includes it."
    ),
    _R.MISSING_CRYPTOGRAM: Answer(
        "88", "There is no cryptogram.", "Send DE 55 with an ARQC (tags 9F26, 9F27 and what it covers)."
    ),
    _R.INVALID_CRYPTOGRAM: Answer(
        "88", "The cryptogram does not belong to this token and data.", "Check the card key and the input of the ARQC."
    ),
    _R.CRYPTOGRAM_DATA_MISMATCH: Answer(
        "88", "Amount or currency differ from those the phone signed.", "Make DE 4 equal 9F02, and DE 49 equal 5F2A."
    ),
    _R.REPLAYED_CRYPTOGRAM: Answer(
        "63", "This transaction counter was used before, or is too old.", "Tap again for a new cryptogram."
    ),
    _R.TOKEN_INACTIVE: Answer("62", "The token was never activated.", "Activate it from its device."),
    _R.TOKEN_SUSPENDED: Answer("62", "The token is suspended.", "Resume it by each who suspended it."),
    _R.TOKEN_DEACTIVATED: Answer("14", "The token is deactivated for good.", "Provision a new token."),
    _R.TOKEN_EXPIRED: Answer("54", "The token has expired.", "Provision a new token."),
    _R.EXPIRATION_MISMATCH: Answer(
        "54", "The expiry date is not the token's.", "Send the expiry of the credentials in DE 14 and DE 35."
    ),
    _R.CARD_FROZEN: Answer("62", "The card behind the token is frozen.", "Unfreeze it as its issuer."),
    _R.DUPLICATE_TRANSMISSION: Answer(
        "94", "This acquirer has sent this STAN at this time before.", "Give each transaction its own DE 11."
    ),
    _R.CURRENCY_NOT_SUPPORTED: Answer(
        "12", "The account is kept in another currency.", "Send DE 49 in the account's currency."
    ),
    _R.INVALID_AMOUNT: Answer("13", "The amount is not positive.", "Send DE 4 greater than zero."),
    _R.EXCEEDS_LIMIT: Answer(
        "61", "The amount exceeds the limit of a single transaction.", "Ask for less, or raise `transaction_limit`."
    ),
    _R.INSUFFICIENT_FUNDS: Answer(
        "51", "The available credit does not cover the amount.", "Ask for less, or reverse what is held."
    ),
    _R.MISSING_ORIGINAL_AUTHORIZATION: Answer(
        "25", "There is no authorization to reverse.", "Send the original's DE 7, 11 and 32 in DE 90, and its token."
    ),
    _R.ORIGINAL_AMOUNT_MISMATCH: Answer(
        "64", "The amount is not that of the original.", "Reverse the full amount of the original."
    ),
}
