"""A client of an issuer's bank: payments, statements and books over the HTTP API."""

from typing import Any, Literal
from urllib.parse import quote, urlencode

from simulators.parties.issuer_calls import IssuerCalls

Due = Literal["minimum", "closing"]
"""What is left of the last statement's minimum, or of its closing balance."""

Interest = Literal["waived", "accrues"]
"""Whether nights of a relief bear interest."""

Paid = Literal["nothing", "minimum", "all"]
"""What is paid of each statement to come, where dues are looked at ahead."""

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

    def register_customer(self, document_number: str, birth_date: str) -> dict[str, Any]:
        """Register a customer by the number of a passport, which is secret; returns the customer. ISO 8601 date."""
        document = {"kind": "passport", "country": "156", "number": document_number}
        return self._issuer.call("POST", "/v1/customers", {"identity_document": document, "birth_date": birth_date})

    def apply(self, customer_id: str, **asked: Any) -> dict[str, Any]:
        """Apply for a card; returns the application as it was decided. asked: fields of the call, None for none."""
        given = {name: value for name, value in asked.items() if value is not None}
        return self._issuer.call("POST", "/v1/applications", {"customer_id": customer_id} | given)

    def applications(self, state: str | None = None) -> list[dict[str, Any]]:
        """The newest applications, at most a hundred. state: None for any."""
        query = urlencode({"limit": 100} | ({} if state is None else {"state": state}))
        found: list[dict[str, Any]] = self._issuer.call("GET", f"/v1/applications?{query}")["data"]
        return found

    def application(self, application_id: str) -> dict[str, Any]:
        """One application."""
        return self._issuer.call("GET", f"/v1/applications/{quote(application_id, safe='')}")

    def answer_application(
        self, application_id: str, decision: str, credit_limit_minor: int | None = None
    ) -> dict[str, Any]:
        """Answer an application in review as the desk; returns it. decision: ``approved`` or ``declined``."""
        limit = {} if credit_limit_minor is None else {"credit_limit": credit_limit_minor}
        path = f"/v1/applications/{quote(application_id, safe='')}/answer"
        return self._issuer.call("POST", path, {"decision": decision} | limit)

    def open_cases(self, queue: str | None = None) -> dict[str, Any]:
        """The open cases as a desk takes them, at most a hundred, and the time of the list.

        queue: None for all.
        """
        query = urlencode({"status": "open", "limit": 100} | ({} if queue is None else {"queue": queue}))
        return self._issuer.call("GET", f"/v1/cases?{query}")

    def newest_open_case(self, account_id: str) -> dict[str, Any] | None:
        """The newest of an account's cases that is open; None where none is."""
        found = self._issuer.call("GET", f"{_path(account_id)}/cases?limit=100")["data"]
        return next((case for case in found if case["status"] == "open"), None)

    def answer_case(self, case_id: str, decision: str, reason: str, valid_seconds: int | None = None) -> dict[str, Any]:
        """Answer a case as the desk; returns it. decision: ``approve`` or ``decline``."""
        valid = {} if valid_seconds is None else {"valid_seconds": valid_seconds}
        path = f"/v1/cases/{quote(case_id, safe='')}/answer"
        return self._issuer.call("POST", path, {"decision": decision, "reason": reason} | valid)

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

    def split_purchase(
        self, account_id: str, posting_id: str, months: int, amount_minor: int | None = None
    ) -> dict[str, Any]:
        """Have a purchase billed in instalments; returns the plan. amount_minor: None for all of it."""
        return self._split(account_id, {"purchase": posting_id}, months, amount_minor)

    def split_statement(
        self, account_id: str, day: str, months: int, amount_minor: int | None = None
    ) -> dict[str, Any]:
        """Have the last statement billed in instalments; returns the plan. day: on which it was cut.

        amount_minor: None for all of it that is not paid.
        """
        return self._split(account_id, {"statement": day}, months, amount_minor)

    def _split(self, account_id: str, what: dict[str, str], months: int, amount_minor: int | None) -> dict[str, Any]:
        amount = {} if amount_minor is None else {"amount": amount_minor}
        return self._issuer.call("POST", f"{_path(account_id)}/plans", what | {"months": months} | amount)

    def newest_open_plan(self, account_id: str) -> dict[str, Any] | None:
        """The plan that an account has begun last and that has not ended, None where there is none."""
        plans: list[dict[str, Any]] = self._issuer.call("GET", f"{_path(account_id)}/plans")["data"]
        return next((plan for plan in plans if plan["end"] is None), None)

    def end_plan(self, plan_id: str) -> dict[str, Any]:
        """Bill what is left of instalments at once; returns the plan."""
        return self._issuer.call("POST", f"/v1/plans/{quote(plan_id, safe='')}/end")

    def relieve(self, account_id: str, months: int, interest: Interest | None = None) -> dict[str, Any]:
        """Move what an account has to pay to the due day of a later statement. interest: None as in the terms."""
        return self._issuer.call("POST", f"{_path(account_id)}/relief", _relief(months, interest))

    def relieve_all(
        self, product: int, months: int, interest: Interest | None = None, segment: int | None = None
    ) -> dict[str, Any]:
        """The same for all accounts with a product, or those of a segment. The key needs the scope sandbox."""
        of_segment = {} if segment is None else {"segment": segment}
        return self._issuer.call("POST", "/v1/relief", {"product": product} | of_segment | _relief(months, interest))

    def give_units(self, account_id: str, unit: str, count: int) -> None:
        """Give an account units, or take some back. unit: its id in the program.  count: below 0 to take back."""
        self._issuer.call("POST", f"{_path(account_id)}/units", {"unit": unit, "count": count})

    def units(self, account_id: str) -> list[dict[str, Any]]:
        """What an account holds of each unit."""
        held: list[dict[str, Any]] = self._issuer.call("GET", f"{_path(account_id)}/units")["data"]
        return held

    def units_held(self, account_id: str, unit: str) -> int:
        """How many of a unit an account holds; below 0 where it owes some. unit: its id in the program."""
        return next((int(each["balance"]) for each in self.units(account_id) if each["unit"] == unit), 0)

    def redeem(self, account_id: str, unit: str, count: int) -> dict[str, Any]:
        """Exchange units of an account for money; returns the redemption."""
        return self._issuer.call("POST", f"{_path(account_id)}/redemptions", {"unit": unit, "count": count})

    def dues(self, account_id: str, months: int, paid: Paid = "nothing") -> dict[str, Any]:
        """What will be due with the statements to come. paid: of each of them."""
        query = urlencode({"months": months, "paid": paid})
        return self._issuer.call("GET", f"{_path(account_id)}/dues?{query}")

    def shown_on_phone(self, phone_id: str) -> dict[str, Any]:
        """What a simulated phone shows of its account. phone_id: phone_..., of this server."""
        answer = self._issuer.call("POST", f"/v1/simulations/phones/{quote(phone_id)}/calls", {"path": "account"})
        shown: dict[str, Any] = answer["answer"]
        return shown

    def books(self) -> dict[str, Any]:
        """The sums of all books, minor units. The key needs the scope sandbox."""
        return self._issuer.call("GET", "/v1/books")

    def program(self) -> dict[str, Any]:
        """The authorization program in force: its `version` and its `document`. The key needs the scope sandbox."""
        return self._issuer.call("GET", "/v1/program")

    def activate(self, document: dict[str, Any]) -> dict[str, Any]:
        """Replace the program; returns what is in force then. The key needs the scope sandbox."""
        return self._issuer.call("PUT", "/v1/program", document)

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


def _relief(months: int, interest: Interest | None) -> dict[str, Any]:
    return {"months": months} | ({} if interest is None else {"interest": interest})
