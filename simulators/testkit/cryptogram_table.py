"""``tapwright emv check``: a cryptogram step by step as a table, from a running server."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_STEPS = {"card_key": "card key", "session_key": "session key", "input": "input", "arqc": "cryptogram"}
_GIVEN = {
    "card_key": "your card key",
    "session_key": "your session key",
    "input": "your input",
    "arqc": "your cryptogram",
    "received_arqc": "tag 9F26",
}
"""What a diagnosis explains."""


def show_check(check: dict[str, Any], console: Console) -> None:
    """Print a check of a cryptogram: keys by their check values, the input field by field, and what differs."""
    profile, key, session = check["profile"], check["card_key"], check["session_key"]
    kind = "limited-use key" if key["kind"] == "limited_use_key" else "card key"
    index = f", index {key['limited_use_key_index']}" if key["limited_use_key_index"] else ""
    rows = (
        ("token", f"{check['token_id']}, PAN {key['pan']}, PAN sequence number {key['pan_sequence_number']}"),
        ("profile", f"{profile['name']} (cryptogram version {profile['cryptogram_version']}), {profile['cipher']}"),
        (kind, f"check value {key['check_value']}, from issuer master key {key['issuer_key_index']}{index}"),
        ("session key", f"check value {session['check_value']}, ATC {session['atc']}"),
    )
    for name, told in rows:
        console.print(f"{name:<15} {told}", highlight=False, soft_wrap=True)
    table = Table("offset", "length", "tag", "value", "name", box=None, header_style="bold")
    for each in check["input"]["fields"]:
        table.add_row(str(each["offset"]), str(each["length"]), each["tag"] or "", each["value"], each["name"])
    console.print(table)
    _show_result(check, console)


def _show_result(check: dict[str, Any], console: Console) -> None:
    if check["matches"] is None:
        console.print(f"expected {check['expected_arqc']}", highlight=False)
    elif check["matches"]:
        console.print(Text("MATCHES", "bold green"), check["received_arqc"], highlight=False)
    else:
        told = f"{check['received_arqc']}, expected {check['expected_arqc']}"
        console.print(Text("DIFFERS", "bold red"), told, highlight=False)
    if difference := check["first_difference"]:
        message = f"yours differs in the step {_STEPS[difference['step']]}: {difference['message']}"
        console.print(message, highlight=False, soft_wrap=True)
        told = f"  expected {difference['expected'] or '(nothing)'}, yours {difference['given'] or '(nothing)'}"
        console.print(told, highlight=False, soft_wrap=True)
    for each in check["diagnoses"]:
        explained = ", ".join(_GIVEN[given] for given in each["explains"])
        console.print(f"{each['mistake']}: {each['message']} (explains: {explained})", highlight=False, soft_wrap=True)
    if not check["diagnoses"] and (check["matches"] is False or check["first_difference"]):
        console.print("none of the usual mistakes explains it", highlight=False)


def agrees(check: dict[str, Any]) -> bool:
    """Whether everything that was given is right."""
    return check["matches"] is not False and check["first_difference"] is None
