"""``tapwright scenario``: payment scenarios in YAML files."""

import argparse
from pathlib import Path

from simulators.cli.flags.arguments import Verbs, named_server
from simulators.cli.flags.output_file import checked_output
from simulators.cli.flags.server_address import UsageError, default_iso


def add(verbs: Verbs) -> None:
    """Its flags."""
    scenario = verbs.add_parser(
        "scenario",
        help="run, check and list payment scenarios in YAML files",
        description="Run scenarios, each on a fresh server, or all on the server at --url. docs/qa-guide.md "
        "describes the format.",
    )
    scenario.add_argument(
        "action",
        choices=["run", "check", "list", "schema"],
        help="run: run files and folders; check: only validate them and report every error; list: list "
        "the included scenarios; schema: print the format as JSON Schema",
    )
    scenario.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="run, check: files or folders (default: all included scenarios)",
    )
    scenario.add_argument(
        "--tag", action="append", default=[], help="only scenarios with this tag; can be given several times"
    )
    scenario.add_argument("--seed", type=int, help="seed that replaces each scenario's own")
    scenario.add_argument("--junit", type=Path, metavar="FILE", help="write the results as JUnit XML")
    scenario.add_argument("--html", type=Path, metavar="FILE", help="write an HTML report with every message")
    scenario.add_argument(
        "--url",
        nargs="?",
        const="",
        help="run on this server, whose program, policy and clock are put back after each scenario, as far as they "
        "can be; without a value, on the server at TAPWRIGHT_URL",
    )
    scenario.add_argument(
        "--restore",
        action="store_true",
        help="with --url: save the server's whole network before each scenario, and restore it afterwards",
    )
    scenario.add_argument(
        "--iso",
        metavar="HOST:PORT",
        default=default_iso(),
        help="the server's ISO 8583 port (default: TAPWRIGHT_ISO8583, else 127.0.0.1:8583)",
    )
    scenario.set_defaults(run=_run, needs_engine=_needs_engine)


def _needs_engine(arguments: argparse.Namespace) -> bool:
    return arguments.action == "run" and arguments.url is None


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions import scenario as verb
    from simulators.process.logging_setup import configure_logging
    from simulators.scenarios.servers import fresh_server, running_server

    if arguments.action == "list":
        return verb.list_scenarios()
    if arguments.action == "schema":
        return verb.print_schema()
    if arguments.action == "check":
        return verb.check_scenarios(arguments.paths or verb.shipped_scenarios())
    configure_logging("error", "console")
    named = named_server(arguments)
    if arguments.restore and named is None:
        raise UsageError("--restore is for a server that runs: name it with --url")
    servers = fresh_server if named is None else running_server(*named, restores=arguments.restore)
    junit, html = checked_output(arguments.junit, "--junit"), checked_output(arguments.html, "--html")
    paths = arguments.paths or verb.shipped_scenarios()
    return verb.run_scenarios(paths, servers, arguments.tag, arguments.seed, junit, html)
