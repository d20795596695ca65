"""Simulated agents: when they answer follows from the seed and the case, and what they answer from their mandate."""

from simulators.parties.desk import Desk, Mandate

OPENED, LATER = "2026-11-24T12:00:00Z", "2026-11-24T12:00:{:02d}Z"


class Bank:
    """Cases of one queue, all open, and the answers to them."""

    def __init__(self, amounts, seconds):
        self.cases = [
            {"id": f"case_{number}", "amount": amount, "opened_at": OPENED} for number, amount in enumerate(amounts)
        ]
        self.seconds, self.answers = seconds, {}

    def open_cases(self, queue):
        """Those of the mass."""
        return {"as_of": LATER.format(self.seconds), "data": self.cases if queue == "mass" else []}

    def answer_case(self, case, decision, reason):
        """Take an answer."""
        self.answers[case] = decision, reason
        return {"id": case}


def answered(amounts=(100,) * 40, seconds=10, **more):
    """What the agents of the mass have answered after so many seconds."""
    bank = Bank(amounts, seconds)
    said = list(Desk(bank, {"mass": Mandate(10, 100), "circle": Mandate()}, **more).answer_due())
    assert [each["id"] for each in said] == list(bank.answers)
    return bank.answers


def test_agents_take_between_half_of_their_time_and_one_and_a_half():
    """The same cases with the same seed, and others with another."""
    assert not answered(seconds=4)
    some = answered()
    assert 0 < len(some) < 40
    assert some == answered() != answered(seed=2)
    assert len(answered(seconds=15)) == 40


def test_what_is_more_than_they_may_approve_is_declined():
    """To the cent."""
    assert answered((100, 101), 15) == {
        "case_0": ("approve", "customer_confirmed"),
        "case_1": ("decline", "beyond_mandate"),
    }
