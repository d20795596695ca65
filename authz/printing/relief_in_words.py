"""What a statement in a relief says of it to the customer, on paper and on the page."""

from authz.program.agreement_terms import ReliefInterest


def relief_in_words(until: str, interest: ReliefInterest | None) -> str:
    """Sentences about a statement that asks for nothing. until: the day by which something is due again, ISO 8601.

    interest: whether nights until then bear it; None where that is not known.
    """
    put_off = f"This statement asks for no payment: what is due has been put off until {until}."
    if interest is None:
        return put_off
    return f"{put_off} {'Interest until then is waived' if interest == 'waived' else 'Interest accrues until then'}."
