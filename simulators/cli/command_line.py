"""The command line: argument parsing, nothing else. What a verb needs is imported when it is used."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.cli.server_address import UsageError, checked_url, default_url, no_server
from simulators.cli.verbs.test_kit import BENCH_VERBS, add_bench_verbs
from simulators.process.compilation_notice import compilation_told
from simulators.process.did_you_mean import did_you_mean
from simulators.sandbox.settings.misspelt_variables import misspelt_settings

if TYPE_CHECKING:
    from simulators.sandbox.settings.settings import Settings


def argument_parser() -> argparse.ArgumentParser:
    """All verbs and their flags."""
    parser = argparse.ArgumentParser(
        prog="tapwright",
        description="A payment network in a box: token vault, authorization engine, simulated phones and terminals.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    serve = verbs.add_parser(
        "serve",
        help="run the network: HTTP API and ISO 8583 server",
        description="Run the network until SIGTERM or Ctrl-C. Each flag can also be set as TAPWRIGHT_<NAME> in the "
        "environment or as <name> in ./tapwright.toml; flags win, then the environment.",
    )
    serve.add_argument("--data-dir", type=Path, help="where journal, database and root key live (./tapwright-data)")
    serve.add_argument("--http-host", help="address of the HTTP API (127.0.0.1)")
    serve.add_argument("--http-port", type=int, help="port of the HTTP API (8420; 0 takes a free one)")
    serve.add_argument("--iso-host", help="address of the ISO 8583 server (127.0.0.1)")
    serve.add_argument("--iso-port", type=int, help="port of the ISO 8583 server (8583; 0 takes a free one)")
    serve.add_argument(
        "--iso-listener",
        action="append",
        dest="iso_listeners",
        metavar="DIALECT:PORT",
        help="a further ISO 8583 port in another dialect, see docs/wire.md; may be given several times",
    )
    serve.add_argument("--public-url", help="URL that callers use, where a proxy stands in front")
    serve.add_argument("--root-key-file", type=Path, help="the vault's root key (root.key in the data directory)")
    serve.add_argument("--database", help="the vault's database, postgresql://... (SQLite in the data directory)")
    serve.add_argument("--tls-certificate", type=Path, help="PEM file: the HTTP API then speaks TLS only")
    serve.add_argument("--tls-key", type=Path, help="PEM file: its private key")
    serve.add_argument(
        "--tls-client-authorities", type=Path, help="PEM file: callers must show a certificate under one of these"
    )
    serve.add_argument(
        "--look-alikes",
        action="store_true",
        default=None,
        help="mount routers shaped like a token service's and an issuer-processor's, see docs/qa-guide.md",
    )
    serve.add_argument("--log-level", choices=["debug", "info", "warning", "error"], help="least level logged (info)")
    serve.add_argument("--log-format", choices=["console", "json"], help="how log lines look (console)")

    demo = verbs.add_parser("demo", help="watch a phone pay, attackers fail, and a killed server come back")
    demo.add_argument("--data-dir", type=Path, help="keep the data here instead of throwing it away")

    explain = verbs.add_parser("explain", help="why a decision came out as it did, check by check")
    explain.add_argument("authorization_id", metavar="ID", help="auth_..., DE 62 of the answer")
    explain.add_argument("--url", default=default_url(), help="the server (TAPWRIGHT_URL, else http://127.0.0.1:8420)")
    explain.add_argument("--api-key", help="an API key with the scope issuer, network or sandbox (the sandbox's own)")
    explain.add_argument("--data-dir", type=Path, help="read a data directory's journal instead of asking a server")

    journal = verbs.add_parser(
        "journal",
        help="verify, dump or upgrade a data directory's journal, make a checkpoint of it, go on after a loss",
        description="Read a data directory's journal, also while a server works in it; upgrade it while none does.",
    )
    journal.add_argument(
        "action",
        choices=["verify", "dump", "checkpoint", "upgrade", "accept-loss"],
        help="verify: is every byte as it was written; dump: commands as lines of JSON; checkpoint: make one of all "
        "sealed segments; upgrade: convert a journal that an earlier version has written; accept-loss: go on without "
        "what a journal has lost",
    )
    journal.add_argument(
        "--data-dir", type=Path, default=Path("tapwright-data"), help="the data directory (./tapwright-data)"
    )
    journal.add_argument("--database", help="accept-loss: the vault's database (SQLite in the data directory)")
    journal.add_argument("--root-key-file", type=Path, help="accept-loss: the vault's root key (root.key)")
    journal.add_argument("--first", type=int, default=1, help="dump: the first command (1)")
    journal.add_argument("--last", type=int, help="dump: the last command (the journal's last)")

    audit = verbs.add_parser(
        "audit",
        help="verify the vault's audit trail",
        description="Follow the chain of the audit trail and print its head, which is worth noting elsewhere: a later "
        "run with --head shows whether anything was cut off since. Settings come from the environment and "
        "./tapwright.toml, as with serve.",
    )
    audit.add_argument("action", choices=["verify"], help="verify: is every entry as it was written, and none missing")
    audit.add_argument("--head", help="a head that an earlier run has printed: the trail must still contain it")
    _add_vault_flags(audit)

    keys = verbs.add_parser(
        "keys",
        help="wrap the vault's keys by another root key",
        description="Wrap every key by another root key while no server runs; then start it with that one. Data keys "
        "are rotated over the HTTP API, while the server runs.",
    )
    keys.add_argument("action", choices=["rewrap"], help="rewrap: by the root key in --new-root-key-file")
    keys.add_argument("--new-root-key-file", type=Path, required=True, help="made if it is not there")
    _add_vault_flags(keys)
    doctor = verbs.add_parser(
        "doctor",
        help="are the files of a data directory sound, and do they fit together",
        description="Read the vault, its audit trail, the journal, its checkpoints and the history whole, and hold "
        "them against each other, also while a server works in the data directory. Settings come from the environment "
        "and ./tapwright.toml, as with serve.",
    )
    _add_vault_flags(doctor)
    add_bench_verbs(verbs)
    return parser


def _add_vault_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data-dir", type=Path, help="the data directory (./tapwright-data)")
    verb.add_argument("--database", help="the vault's database, postgresql://... (SQLite in the data directory)")
    verb.add_argument("--root-key-file", type=Path, help="the vault's root key (root.key in the data directory)")


def _serve(arguments: argparse.Namespace) -> int:
    from simulators.sandbox.serve import serve

    flags = {name: value for name, value in vars(arguments).items() if name != "verb"}
    if flags["iso_listeners"] is not None:
        from simulators.sandbox.settings.iso_listeners import listener_of

        try:
            flags["iso_listeners"] = [listener_of(text) for text in flags["iso_listeners"]]
        except ValueError as error:
            raise UsageError(f"--iso-listener {error}") from None
    settings = _settings(flags)
    return 2 if settings is None else serve(settings)


def _settings(flags: dict[str, Any]) -> "Settings | None":
    """The settings with these flags; what is wrong with them is a line on standard error, and there are none."""
    from pydantic import ValidationError

    from simulators.sandbox.settings.settings import Settings, load_settings

    problems = [
        f"{variable} is no setting; did you mean {meant}?"
        for variable, meant in misspelt_settings(os.environ, Settings.model_fields).items()
    ]
    try:
        settings = load_settings(**flags)
    except ValidationError as error:
        problems += [_setting_problem(dict(problem), Settings.model_fields) for problem in error.errors()]
    except ValueError as error:
        problems.append(str(error))
    if not problems:
        return settings
    sys.stderr.write("".join(f"tapwright: {problem}\n" for problem in problems))
    return None


def _setting_problem(problem: dict[str, Any], known: Iterable[str]) -> str:
    """What is wrong with a setting, by its name; the keys of a table are left out, because they may be secret."""
    if not problem["loc"]:
        return f"settings: {problem['msg']}"
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return f"setting {name}: there is no such setting{did_you_mean(name, known)}"
    return f"setting {name}: {problem['msg'].removeprefix('Value error, ')}"


def _demo(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from simulators.cli.actions.demo import DemoFailed, run_demo
    from simulators.process.server_process import ServerDidNotStart
    from simulators.terminals.iso_link import LinkError

    try:
        run_demo(Console(), arguments.data_dir)
    except (DemoFailed, LinkError, ServerDidNotStart) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    import httpx
    from rich.console import Console

    from authz.vocabulary.errors import EngineError
    from simulators.parties.issuer_client import IssuerRefused
    from simulators.parties.sandbox_constants import SANDBOX_API_KEY
    from simulators.testkit.decision_table import read_decision, show_decision
    from tokenvault.errors import CallerError, NotFound
    from tokenvault.identifiers import Prefix, to_number

    try:
        to_number(Prefix.AUTHORIZATION, arguments.authorization_id)
    except NotFound as error:
        raise UsageError(str(error)) from None
    if not (arguments.api_key or "").isascii():
        raise UsageError("--api-key is ASCII")
    try:
        decision = read_decision(
            arguments.authorization_id,
            url=checked_url(arguments.url),
            api_key=arguments.api_key or SANDBOX_API_KEY,
            data_dir=arguments.data_dir,
        )
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
        return 1
    except (IssuerRefused, CallerError, EngineError, OSError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    show_decision(decision, Console())
    return 0


def _journal(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.journal import run_accept_loss, run_journal_verb

    if arguments.first < 1 or (arguments.last is not None and arguments.last < arguments.first):
        raise UsageError("--first and --last are the numbers of commands, 1 and more, in this order")
    if arguments.action == "accept-loss":
        settings = _settings({name: getattr(arguments, name) for name in ("data_dir", "database", "root_key_file")})
        return 2 if settings is None else run_accept_loss(settings)
    return run_journal_verb(arguments.action, arguments.data_dir, arguments.first, arguments.last)


def _doctor(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.doctor import run_doctor

    names = ("data_dir", "database", "root_key_file")
    settings = _settings({name: getattr(arguments, name) for name in names})
    return 2 if settings is None else run_doctor(settings)


def _vault(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.vault import run_vault_verb

    names = ("data_dir", "database", "root_key_file")
    settings = _settings({name: getattr(arguments, name) for name in names})
    if settings is None:
        return 2
    return run_vault_verb(settings, getattr(arguments, "head", None), getattr(arguments, "new_root_key_file", None))


_VERBS = {
    "serve": _serve,
    "demo": _demo,
    "explain": _explain,
    "journal": _journal,
    "audit": _vault,
    "keys": _vault,
    "doctor": _doctor,
    **BENCH_VERBS,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the process's exit code."""
    arguments = argument_parser().parse_args(argv)
    try:
        with compilation_told():
            return _VERBS[arguments.verb](arguments)
    except UsageError as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 2
    except BrokenPipeError:  # who reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        sys.stderr.write(f"tapwright: {where}{(error.strerror or str(error)).lower()}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
