"""kill -9 of a server while it closes days: started again it goes on, and each statement is in its lists once.

    python -m tests.survival.closing_servers [--kills 100] [--seed 1]

Each life is a copy of this process that starts a whole server on the same data directory, and a client that asks it to
close days. It is killed when so many ranges of accounts are closed as the seed says, and a moment.
"""

import argparse
import asyncio
import os
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager, suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

import httpx

from authz.journal.data_directory import HISTORY, history_in
from authz.network.warm_up import compile_everything
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import joined, new_command
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.process.background_loop import BackgroundLoop
from simulators.process.logging_setup import configure_logging
from simulators.sandbox.feeds import bank_day
from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.wiring import Sandbox
from tests.clock import ManualClock
from tests.forking import told_by_a_copy
from tests.simulators.sandbox.feeds.banks import CUT_DAYS, PROGRAM
from tests.survival.day_kills import hold_the_books_together, killed, statements_of
from tokenvault.vocabulary.identifiers import Prefix, to_number

_ACCOUNTS, _ROWS_TOGETHER = 56, 4
_FIRST_DAY = date(2026, 11, 24)
_DAYS_A_LIFE = (3, 9, 31)
_COMMANDS_MAX = 6
_SECONDS_MAX = 0.003
_DAYS = "/v1/simulations/days"


def survive_kills_while_closing(directory, kills, seed):
    """Kill a server so often while it closes days; returns how many kills came in the middle.

    Raises: AssertionError.
    """
    configure_logging("warning", "console")
    compile_everything()
    chance, midway, until = random.Random(seed), 0, _FIRST_DAY
    harmed, undisturbed = Path(directory) / "killed", Path(directory) / "undisturbed"
    list(told_by_a_copy(partial(_open_bank, harmed)))
    shutil.copytree(harmed, undisturbed)  # accounts have their numbers at random
    for _ in range(kills):
        until += timedelta(days=chance.choice(_DAYS_A_LIFE))
        life = partial(_close_days, harmed, until)
        midway += killed(life, chance.randint(0, _COMMANDS_MAX), chance.random() * _SECONDS_MAX)
    until += timedelta(days=1)
    for each in (harmed, undisturbed):
        assert list(told_by_a_copy(partial(_close_days, each, until)))[-1] == "closed"
    hold_the_books_together(harmed, undisturbed)
    for each in (harmed, undisturbed):
        listed, cut = _listed(each), sum(statements_of(history_in(each)).values())
        assert listed == cut, f"{listed} statements are listed, {cut} were cut"
    return midway


@contextmanager
def _server(directory):
    """A server on a data directory, its loop and its engine."""
    directory.mkdir(parents=True, exist_ok=True)
    loop, sandbox = BackgroundLoop("sandbox"), Sandbox(scratch_settings(directory), ManualClock())
    with patch.object(bank_day, "ROWS_TOGETHER", _ROWS_TOGETHER):
        loop.run(sandbox.start())
        try:
            yield sandbox.http_url, loop, sandbox.snapshots._network.engine
        finally:
            loop.run(sandbox.stop())
            loop.stop()


def _operator(url):
    return Issuer(url, sandbox_constants.SANDBOX_API_KEY, seconds_max=60.0)


def _open_bank(directory, _tell):
    """Accounts that owe, under a program whose time zone has begun to hold."""
    with _server(directory) as (url, loop, engine), _operator(url) as operator:
        operator.call("PUT", "/v1/program", PROGRAM)
        debts = []
        for number in range(_ACCOUNTS):
            account = operator.open_account("EUR", 10**9, product=1, cut_day=number % CUT_DAYS + 1)["id"]
            named = {"account_id": to_number(Prefix.ACCOUNT, account), "amount_minor": 10_000 * (number + 1)}
            debts.append(new_command(Kind.ADJUST, **named))
        loop.run(_given(engine, joined(debts)))


async def _given(engine, commands):
    results = await engine.run(commands)
    assert not results["reason"].any()


def _close_days(directory, until, tell):
    """Start, tell of each range that is closed from then on, and ask for days to be closed."""
    tell(os.getpid())
    with _server(directory) as (url, loop, engine), _operator(url) as operator:
        loop.run(_followed(engine, lambda durable: Kind.CLOSE_DAY in durable.commands["kind"] and tell("some")))
        tell("started")
        with suppress(httpx.TransportError):
            operator.call("POST", _DAYS, {"until": until.isoformat()})
            tell("closed")
            operator.call("GET", "/v1/transactions?limit=1")  # which waits for the lists


async def _followed(engine, follower):
    engine.follow(follower)
    await asyncio.sleep(0)


def _listed(directory):
    """How many statements the lists have, each once: a statement has one account and one day."""
    with closing(sqlite3.connect(directory / HISTORY)) as history:
        rows = history.execute("SELECT account_id, day FROM statements").fetchall()
    assert len(set(rows)) == len(rows), "a statement is listed twice"
    return len(rows)


def main():
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="how often (100)")
    parser.add_argument("--seed", type=int, default=1, help="when (1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapwright-kills-") as folder:
        midway = survive_kills_while_closing(folder, options.kills, options.seed)
    print(f"{options.kills} servers killed, {midway} of them in the middle of a close; books and statements are equal")


if __name__ == "__main__":
    main()
