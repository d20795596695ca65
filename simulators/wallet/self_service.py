"""What holders of a phone see of their account, and do about it by themselves."""

from abc import ABC, abstractmethod
from typing import Any


class SelfService(ABC):
    """A phone's calls about the account behind its token. Each method raises: WalletRefused, NoNetwork."""

    token_id: str | None

    @abstractmethod
    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make a call of the API, signed by this phone."""

    def account(self) -> dict[str, dict[str, Any]]:
        """What the phone shows, by the names of sections, from top to bottom."""
        sections = self._about_token("GET", "account")["sections"]
        return {section["section"]: section for section in sections}

    def controls(self) -> dict[str, Any]:
        """What the cardholder has locked and restricted."""
        return self._about_token("GET", "controls")

    def set_controls(self, **changes: Any) -> dict[str, Any]:
        """Lock the token, or restrict it; returns its controls.

        changes: `frozen`, `channels`, `countries`, `transaction_limit` (minor units of the account's currency); None
        lifts a restriction, and what is left out stays.
        """
        return self._about_token("PATCH", "controls", changes)

    def pay_bill(self, amount_minor: int) -> dict[str, Any]:
        """Pay what the account owes, or a part of it; returns the payment."""
        return self._about_token("POST", "payments", {"amount": amount_minor})

    def split(self, months: int, **what: Any) -> dict[str, Any]:
        """Have a purchase or a statement billed in instalments; returns the plan. what: `purchase` or `statement`."""
        return self._about_token("POST", "plans", {"months": months, **what})

    def end_plan(self, plan_id: str) -> dict[str, Any]:
        """Have what is left of a plan billed at once; returns the plan."""
        return self._about_token("POST", f"plans/{plan_id}/end")

    def relieve(self, months: int, interest: str | None = None) -> dict[str, Any]:
        """Put off what is due; returns the relief. interest: `waived` or `accrues`, None as the terms say."""
        return self._about_token("POST", "relief", {"months": months, "interest": interest})

    def redeem(self, unit: str, count: int) -> dict[str, Any]:
        """Exchange units of the account for money; returns the redemption. unit: its `id` in the program."""
        return self._about_token("POST", "redemptions", {"unit": unit, "count": count})

    def _about_token(self, method: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.call(method, f"/v1/tokens/{self.token_id}/{what}", body)
