"""Events of cases at the issuer's desk. Each function makes one happen, and returns what it happened to."""

from simulators.triggers.stage import AMOUNT_MINOR, NotTriggered, Stage


def open_case(stage: Stage) -> str:
    """A payment of a new phone is referred to the issuer: that is asked for, whatever the program says."""
    token = stage.token()
    stage.post("/v1/simulations/forced_declines", reason="refer_to_issuer", token_id=token)
    payment = stage.post("/v1/simulations/authorizations", token_id=token, amount=AMOUNT_MINOR)
    case = stage.call("GET", f"/v1/authorizations/{payment['authorization_id']}")["case_id"]
    if case is None:
        raise NotTriggered(f"the server opened no case: {payment['reason']}")
    return str(case)


def answer_case(stage: Stage) -> str:
    """A payment of a new phone is referred to the issuer, whose desk approves it."""
    case = open_case(stage)
    stage.post(f"/v1/cases/{case}/answer", decision="approve", reason="customer_confirmed")
    return case
