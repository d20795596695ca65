"""``tapwright serve``: the network, as a process."""

import argparse
from pathlib import Path

from simulators.cli.arguments import Verbs
from simulators.cli.server_address import UsageError
from simulators.cli.settings_flags import settings_from


def add(verbs: Verbs) -> None:
    """Its flags."""
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
    serve.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.sandbox.serve import serve

    flags = {name: value for name, value in vars(arguments).items() if name not in ("verb", "run")}
    if flags["iso_listeners"] is not None:
        from simulators.sandbox.settings.iso_listeners import listener_of

        try:
            flags["iso_listeners"] = [listener_of(text) for text in flags["iso_listeners"]]
        except ValueError as error:
            raise UsageError(f"--iso-listener {error}") from None
    settings = settings_from(flags)
    return 2 if settings is None else serve(settings)
