"""A ledger of another shape: plain Python objects, written from the documentation, to audit the kernel."""

from dataclasses import dataclass, field


@dataclass
class PlainAccount:
    """A credit line and the amounts held on it, by the trace of their authorization."""

    currency: int
    limit: int
    transaction_limit: int
    holds: dict[tuple, int] = field(default_factory=dict)
    seen: dict[tuple, int] = field(default_factory=dict)

    @property
    def available(self) -> int:
        """What can still be spent."""
        return self.limit - sum(self.holds.values())


@dataclass
class PlainToken:
    """A token and the counters it has used."""

    account: PlainAccount
    channels: set[int]
    expiry: int
    state: str = "active"
    card_frozen: bool = False
    used: set[int] = field(default_factory=set)


@dataclass
class Ledger:
    """All tokens by number. Answers with reason names."""

    month: int
    tokens: dict[int, PlainToken] = field(default_factory=dict)

    def authorize(self, tap: dict) -> str:
        """Decide one tap and remember it."""
        token = self.tokens.get(tap["pan"])
        if token is None:
            return "token_not_found"
        if tap["channel"] not in token.channels:
            return "channel_not_allowed"
        if tap["cryptogram"] != "valid":
            return {"absent": "missing_cryptogram", "invalid": "invalid_cryptogram"}[tap["cryptogram"]]
        if tap["amount"] != tap["signed_amount"] or tap["currency"] != tap["signed_currency"]:
            return "cryptogram_data_mismatch"
        if tap["atc"] in token.used or tap["atc"] <= max(token.used, default=0) - 64:
            return "replayed_cryptogram"
        token.used.add(tap["atc"])
        account, trace = token.account, (tap["pan"], tap["acquirer"], tap["stan"], tap["transmitted"])
        refusals = {
            f"token_{token.state}": token.state != "active",
            "token_expired": self.month > token.expiry,
            "expiration_mismatch": tap["expiry"] != token.expiry,
            "card_frozen": token.card_frozen,
            "duplicate_transmission": trace in account.seen,
            "currency_not_supported": tap["currency"] != account.currency,
            "invalid_amount": tap["amount"] <= 0,
            "exceeds_limit": tap["amount"] > account.transaction_limit,
            "insufficient_funds": tap["amount"] > account.available,
        }
        for reason, applies in refusals.items():
            if applies:
                return reason
        account.holds[trace] = account.seen[trace] = tap["amount"]
        return "approved"

    def reverse(self, pan: int, trace: tuple, amount: int) -> str:
        """Release one hold, once."""
        token = self.tokens.get(pan)
        if token is None:
            return "token_not_found"
        if trace not in token.account.seen:
            return "missing_original_authorization"
        if token.account.seen[trace] != amount:
            return "original_amount_mismatch"
        token.account.holds.pop(trace, None)
        return "approved"
