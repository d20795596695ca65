"""DE 39 of ISO 8583:1993: action codes of three digits, in place of the response codes of two characters of 1987.

The first digit says whose word it is: 0 approved, 1 and 2 declined, 9 the message could not be dealt with.
"""

from typing import Final

_UNKNOWN_DECLINE: Final = "100"

ACTION_CODES: Final = {
    "00": "000",  # approved
    "01": "107",  # refer to card issuer
    "05": "100",  # do not honour
    "10": "002",  # approved for partial amount
    "12": "902",  # invalid transaction
    "13": "110",  # invalid amount
    "14": "111",  # invalid card number
    "1A": "112",  # PIN data required
    "21": "914",  # not able to trace back to the original transaction
    "25": "914",
    "30": "904",  # format error
    "40": "902",  # invalid transaction: it was not evaluated, so it is not a decline (115)
    "41": "208",  # lost card
    "43": "209",  # stolen card
    "46": "125",  # card not effective
    "51": "116",  # not sufficient funds
    "54": "101",  # expired card
    "55": "117",  # incorrect PIN
    "57": "119",  # transaction not permitted to cardholder
    "58": "120",  # transaction not permitted to terminal
    "59": "102",  # suspected fraud
    "61": "121",  # exceeds withdrawal amount limit
    "62": "104",  # restricted card
    "63": "122",  # security violation
    "64": "110",  # invalid amount
    "65": "123",  # exceeds withdrawal frequency limit
    "70": "112",  # PIN data required
    "75": "106",  # allowable PIN tries exceeded
    "85": "000",  # nothing against it: approved
    "82": "122",  # security violation
    "88": "122",
    "91": "912",  # card issuer unavailable
    "94": "913",  # duplicate transmission
    "96": "909",  # system malfunction
    "A0": "916",  # MAC incorrect
}
"""By response code of 1987, as ISO 8583:1993 words them."""


def action_code(response_code: str) -> str:
    """The action code for a response code of 1987; for one that has none, `100` (do not honour)."""
    return ACTION_CODES.get(response_code, _UNKNOWN_DECLINE)


def response_code(code: str) -> str:
    """The response code of 1987 for an action code, the first of several; for one that has none, `00` or `05`.

    Anything but three digits comes back as it is.
    """
    if not (len(code) == len(_UNKNOWN_DECLINE) and code.isascii() and code.isdigit()):
        return code
    return next((own for own, theirs in ACTION_CODES.items() if theirs == code), "00" if code[0] == "0" else "05")
