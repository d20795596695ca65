"""A network that is stopped and started again on its data directory tells the same postings, each of its kind."""

import pytest

from simulators.parties.issuer_client import Issuer
from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.wiring import running_sandbox
from simulators.testkit.kit import TestKit


def _postings(sandbox, account):
    with Issuer(sandbox.http_url) as issuer:
        return issuer.call("GET", f"/v1/transactions?account_id={account}")["data"]


@pytest.mark.parametrize("lost", ["nothing", "history.db"])
def test_postings_keep_their_kinds(lost, tmp_path):
    """Read from the history file, or made again from the journal where that file is gone."""
    settings = scratch_settings(tmp_path / "data")
    with running_sandbox(settings) as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
        account = kit.account(credit_limit=100_000)
        watch = kit.phone(kit.card(account, pin="7391"), kind="watch")
        shop, machine = kit.terminal("pos"), kit.terminal("atm")
        bought = shop.buy(watch, 1_250)
        assert bought.approved
        assert shop.refund(bought, 250).approved
        assert machine.withdraw(watch, 600, "7391").approved
        before = _postings(sandbox, account)
    assert [each["kind"] for each in before] == ["cash", "refund", "purchase"]
    if lost != "nothing":
        for path in (tmp_path / "data").glob(f"{lost}*"):
            path.unlink()
    with running_sandbox(settings) as sandbox:
        assert _postings(sandbox, account) == before
