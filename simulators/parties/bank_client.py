"""A client of an issuer's bank: payments, statements and books over the HTTP API."""

from typing import Any, Literal
from urllib.parse import quote, urlencode

from simulators.parties.issuer_calls import IssuerCalls

Due = Literal["minimum", "closing"]
"""What is left of the last statement's minimum, or of its closing balance."""

_LEFT_OF = {"minimum": "minimum_due", "closing": "statement_due"}


class BankClient(IssuerCalls):
    """Calls as an issuer, or as the operator. Each method raises: IssuerRefused."""

    def account(self, account_id: str) -> dict[str, Any]:
        """An account's balance with its books, minor units; `books` is None for an account without a product."""
        return self._issuer.call("GET", f"{_path(account_id)}/balance")

    def left_to_pay(self, account_id: str, due: Due) -> int:
        """What is left of the last statement, minor units; 0 for an account without a product."""
        books = self.account(account_id)["books"]
        return 0 if books is None else int(books[_LEFT_OF[due]])

    def pay(self, account_id: str, amount_minor: int) -> dict[str, Any]:
        """Have an account receive a payment; returns it."""
        return self._issuer.call("POST", f"{_path(account_id)}/payments", {"amount": amount_minor})

    def statement(self, account_id: str, day: str | None = None) -> dict[str, Any] | None:
        """A statement with its lines; None where there is none yet. day: ISO 8601, None for the newest."""
        path = self._path_of_statement(account_id, day)
        return None if path is None else self._issuer.call("GET", path)

    def statement_pdf(self, account_id: str, day: str | None = None) -> bytes | None:
        """The same as PDF."""
        path = self._path_of_statement(account_id, day)
        return None if path is None else self._issuer.document(path, "application/pdf")

    def last_posting(self, account_id: str, kind: str) -> dict[str, Any] | None:
        """The newest posting of a kind, None where there is none."""
        query = urlencode({"account_id": account_id, "kind": kind, "limit": 1})
        found = self._issuer.call("GET", f"/v1/transactions?{query}")["data"]
        return found[0] if found else None

    def books(self) -> dict[str, Any]:
        """The sums of all books, minor units. The key needs the scope sandbox."""
        return self._issuer.call("GET", "/v1/books")

    def _path_of_statement(self, account_id: str, day: str | None) -> str | None:
        """Where a statement is; None where there is none yet."""
        if day is None:
            newest = self._issuer.call("GET", f"{_path(account_id)}/statements?limit=1")["data"]
            if not newest:
                return None
            day = newest[0]["day"]
        return f"{_path(account_id)}/statements/{quote(str(day), safe='')}"


def _path(account_id: str) -> str:
    return f"/v1/accounts/{quote(account_id, safe='')}"
