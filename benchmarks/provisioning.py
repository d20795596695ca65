"""Full provisioning flows a second: a device registers, a card is digitized, the token activated, its keys unsealed.

    python -m benchmarks.provisioning [--database postgresql://...]

A server in a process of its own, phones in threads of this one, over real HTTP: each flow is three calls, each with a
fresh DPoP proof, and one HPKE opening. Measured on SQLite, and on PostgreSQL where a server is named; beside it in the
same run how many transactions of the same size each database commits when nothing else is done, since every call is
durable before it is answered.
"""

import argparse
import tempfile
import time
import uuid
from pathlib import Path

import sqlalchemy as sa

from benchmarks import machine
from benchmarks.callers import seconds_at_once
from simulators.parties.issuer_client import Issuer
from simulators.process.server_process import ServerProcess
from simulators.wallet.phone import Phone
from tokenvault.storage.database import open_database, writing

FLOWS, PHONES, ROUNDS = 200, 8, 5
COMMITS = 300


def measure_flows(http_url: str) -> float:
    """Flows a second with so many phones at once."""
    with Issuer(http_url) as issuer:
        account = issuer.open_account("EUR", 100_000)["id"]
        cards = [issuer.issue_card(account)["id"] for _ in range(FLOWS)]

    def work(mine: list[str]) -> None:
        for card in mine:
            phone = Phone(http_url)
            phone.provision(card)
            phone.close()

    return FLOWS / seconds_at_once(work, [cards[number::PHONES] for number in range(PHONES)])


def measure_commits(url: str) -> float:
    """Transactions a second that insert one row of 2 KB and commit, one after the other."""
    database = open_database(url)
    table = sa.Table("benchmark", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("filler", sa.LargeBinary))
    table.create(database)
    started = time.perf_counter()
    for number in range(COMMITS):
        with writing(database) as connection:
            connection.execute(sa.insert(table).values(id=number, filler=bytes(2000)))
    seconds = time.perf_counter() - started
    table.drop(database)
    database.dispose()
    return COMMITS / seconds


def own_database(url: str) -> str:
    """A new database on the server of this one."""
    name = f"tapwright_benchmark_{uuid.uuid4().hex}"
    server = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    server.dispose()
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def run(name: str, url: str | None, folder: Path) -> None:
    """One database: rounds of flows and commits in turn, then a line of the result."""
    data = folder / name
    url = url or f"sqlite:///{folder / 'commits.db'}"
    arguments = ["--database", url] if name == "PostgreSQL" else []
    server = ServerProcess(data, "--log-level", "warning", *arguments)
    try:
        measure_flows(server.http_url)
        flows, commits, busy = [], [], []
        for _ in range(ROUNDS):
            before, began = machine.cpu_seconds(server.pid), time.perf_counter()
            flows.append(measure_flows(server.http_url))
            busy.append((machine.cpu_seconds(server.pid) - before) / (time.perf_counter() - began))
            commits.append(measure_commits(url))
    finally:
        server.stop()
    print(f"{name:11} flows/s   {machine.spread(flows)}; server's CPU {100 * sum(busy) / len(busy):.0f} % of a core")
    print(f"{'':11} commits/s {machine.spread(commits)}")


def main() -> None:
    """Measure what can be measured here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be made")
    arguments = parser.parse_args()
    print(machine.describe())
    print(f"{FLOWS} flows a round, {PHONES} phones at once, {ROUNDS} rounds: median (least - most)")
    with tempfile.TemporaryDirectory() as folder:
        run("SQLite", None, Path(folder))
        if arguments.database:
            run("PostgreSQL", own_database(arguments.database), Path(folder))


if __name__ == "__main__":
    main()
