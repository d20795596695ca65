"""``tapwright explain``: a decision as a table, from a running server or from a data directory."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulators.parties.issuer_client import Issuer
from tokenvault.reference_data.currencies import CURRENCIES, amount_text
from tokenvault.vocabulary.identifiers import Prefix, to_number

_DECLINING = ("decline", "step_up", "refer")
"""Actions of a rule that end a decision where its condition holds."""

_MARKS = {"passed": Text("passed", "green"), "failed": Text("failed", "bold red")}


def read_decision(authorization_id: str, *, url: str, api_key: str, data_dir: Path | None) -> dict[str, Any]:
    """A decision, from the journal of a data directory where one is named, else over HTTP.

    Raises: IssuerRefused, CallerError, httpx.TransportError.
    """
    to_number(Prefix.AUTHORIZATION, authorization_id)
    if data_dir is None:
        with Issuer(url, api_key) as issuer:
            return issuer.authorization(authorization_id)
    from authz.history.explanation import explain
    from authz.http.authorizations import AuthorizationView
    from authz.journal.data_directory import history_in

    view = AuthorizationView.of(explain(history_in(data_dir), authorization_id))
    return view.model_dump(mode="json")


def show_decision(decision: dict[str, Any], console: Console) -> None:
    """Print a decision: what, why, and every check in order."""
    outcome = Text("APPROVED", "bold green") if decision["approved"] else Text("DECLINED", "bold red")
    amount = decision["amount"]
    known = decision["currency"] in CURRENCIES
    money = amount_text(amount, decision["currency"]) if known else f"{amount} minor units of {decision['currency']}"
    by = failed_check(decision)
    merchant = ", ".join(filter(None, map(decision.get, ("merchant", "merchant_name", "merchant_city"))))
    console.print(outcome, f"{decision['kind']} {decision['id']}  {money}  {merchant}", highlight=False)
    named = f" ({by})" if by.startswith(("rule ", "limit ")) else ""
    reason = f"DE 39 = {decision['response_code']}  {decision['reason']}{named}: {decision['explanation']}"
    console.print(reason if decision["approved"] else f"{reason} {decision['advice']}", highlight=False)
    table = Table(box=None, header_style="bold")
    table.add_column("check", no_wrap=True)  # its name is looked for as a whole
    for heading in ("saw", "bound", "outcome"):
        table.add_column(heading, overflow="fold")
    reached = [check for check in decision["checks"] if check["outcome"] != "not_reached"]
    for check in reached:
        table.add_row(check["name"], check["saw"], check["bound"], _MARKS[check["outcome"]])
    console.print(table)
    for posting in decision.get("postings", ()):  # servers of version 0.1 do not tell them
        made = amount_text(posting["amount"], posting["currency"])
        console.print(f" posted {made} as {posting['kind']} ({posting['id']})", highlight=False)
    for rule in decision["rules"]:
        saw = ", ".join(f"{name} {value}" for name, value in rule["saw"].items())
        mark = Text("matched", "bold red") if rule["outcome"] == "matched" else Text("no match", "dim")
        console.print(
            f" rule {rule['id']} ({rule['state']}, {rule['action']})", mark, rule["condition"], highlight=False
        )
        console.print(f"   saw {saw}", style="dim", highlight=False)
    if not_reached := [check["name"] for check in decision["checks"] if check["outcome"] == "not_reached"]:
        console.print(f" not reached: {', '.join(not_reached)}", style="dim", highlight=False)


def failed_check(decision: dict[str, Any]) -> str:
    """What a decision was declined by: a check, ``limit ID`` or ``rule ID`` of the program; ``none`` if approved."""
    for check in decision["checks"]:
        if check["outcome"] == "failed":
            return str(check["name"])
    rule = None if decision["approved"] else _declining_rule(decision)
    return "none" if rule is None else f"rule {rule['id']}"


def _declining_rule(decision: dict[str, Any]) -> dict[str, Any] | None:
    """The rule that a decision ended with: of those that are live and matched, the first that declines."""
    return next(
        (
            rule
            for rule in decision["rules"]
            if (rule["state"], rule["outcome"]) == ("live", "matched") and rule["action"] in _DECLINING
        ),
        None,
    )


def check_lines(decision: dict[str, Any]) -> list[str]:
    """Each check and rule of a decision in one line: its outcome, what it saw, what it held that against."""
    checks = [
        f"{check['outcome']:11} {check['name']}"
        + ("" if check["outcome"] == "not_reached" else f": saw {check['saw']}; {check['bound']}")
        for check in decision["checks"]
    ]
    return checks + [_rule_line(rule) for rule in decision["rules"]]


def _rule_line(rule: dict[str, Any]) -> str:
    saw = ", ".join(f"{name} {value}" for name, value in rule["saw"].items())
    outcome = rule["outcome"].replace("_", " ")
    return f"{outcome:11} rule {rule['id']} ({rule['state']}, {rule['action']}): saw {saw}; {rule['condition']}"
