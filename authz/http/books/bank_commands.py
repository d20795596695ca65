"""Commands about accounts with a product: carried out by the engine, with refusals and postings as the API has them."""

from collections.abc import Mapping

from authz.engine import Engine
from authz.http.sight import Sight, seen_account
from authz.http.transactions import TransactionView
from authz.state.account_books import AccountBooks, account_books
from authz.vocabulary.commands import Kind, Records
from authz.vocabulary.labels import currency_code, day_text
from authz.vocabulary.layouts import new_command
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import ANSWERS, Reason
from tokenvault.vocabulary.errors import Conflict, NotFound

REFUSALS = {
    Reason.ACCOUNT_WITHOUT_PRODUCT: "the account has no product; PATCH /v1/accounts/{id} gives it one",
    Reason.ALREADY_GIVEN_BACK: "that was done before",
    Reason.NOTHING_OWED: "the account owes nothing",
    Reason.EXCEEDS_REMAINDER: "amount is more than there is of it",
}
"""Why a command cannot be, in the words of this API."""


def known_account(engine: Engine, sight: Sight, account_id: str) -> int:
    """The number of an account that is there and that the caller may see. Call it in a thread. Raises: NotFound."""
    number = seen_account(sight, account_id)
    if engine.balance(number) is None:
        raise NotFound(f"there is no account {account_id}")
    return number


async def books_now(engine: Engine, account: int) -> AccountBooks:
    """The books of an account, once the engine knows what time it is.

    Raises: NotFound.  Conflict, for an account without a product.
    """
    await engine.run(new_command(Kind.PASS_TIME))
    if engine.balance(account) is None:
        raise NotFound("there is no such account")
    books = account_books(engine.state, account)
    if books is None:
        reason = Reason.ACCOUNT_WITHOUT_PRODUCT
        raise Conflict(REFUSALS[reason], code=reason.code)
    return books


async def carried_out(
    engine: Engine, command: Records, what: str, refusals: Mapping[Reason, str] = REFUSALS
) -> Records:
    """The one result of a command, once it is durable. what: the command in words, for the error.

    refusals: why it cannot be, in words that are true of this command.
    Raises: NotFound, where there is no such account.  Conflict, for any other refusal.
    """
    results = await engine.run(command)
    reason = Reason(results[0]["reason"])
    if reason.is_approval:
        return results
    if reason is Reason.ACCOUNT_NOT_FOUND:
        raise NotFound("there is no such account")
    raise Conflict(f"no {what}: {refusals.get(reason, ANSWERS[reason].sentence)}", code=reason.code)


def made_posting(results: Records, kind: PostingKind) -> TransactionView:
    """The posting of a command that has just been carried out, as the history will show it."""
    result = results[0]
    return TransactionView.of(
        {
            "sequence": int(result["sequence"]),
            "part": 0,
            "kind": kind.code,
            "time_us": int(result["time_us"]),
            "day": day_text(int(result["day"])),
            "account_id": int(result["account_id"]),
            "token_id": None,
            "amount_minor": int(result["posted_change_minor"]),
            "currency": currency_code(int(result["billing_currency"])),
            "posted_minor": int(result["posted_minor"]),
            "merchant": "",
            "merchant_name": "",
            "merchant_city": "",
            "merchant_category": "0000",
        }
    )
