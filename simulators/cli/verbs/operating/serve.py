"""``tapwright serve``: runs the network."""

import argparse
import gc
from pathlib import Path

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.earlier_names import EarlierFlag
from simulators.cli.flags.server_address import UsageError
from simulators.cli.flags.settings_flags import settings_from

_NO_SETTINGS = ("verb", "run", "needs_engine", "parser")
"""What is parsed besides the flags."""


def add(verbs: Verbs) -> None:
    """Its flags."""
    serve = verbs.add_parser(
        "serve",
        help="run the network: HTTP API and ISO 8583 server",
        description="Run the network until SIGTERM or Ctrl-C. Each flag can also be set as TAPWRIGHT_<NAME> "
        "in the environment or as <name> in ./tapwright.toml. Flags take precedence over the "
        "environment, and the environment over the file.",
    )
    serve.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="directory of the journal, the database and the root key (default: ./tapwright-data)",
    )
    serve.add_argument("--http-host", metavar="HOST", help="address that the HTTP API listens on (default: 127.0.0.1)")
    serve.add_argument(
        "--http-port", metavar="PORT", type=int, help="port of the HTTP API (default: 8420; 0: a free port)"
    )
    serve.add_argument(
        "--iso-host", metavar="HOST", help="address that the ISO 8583 server listens on (default: 127.0.0.1)"
    )
    serve.add_argument(
        "--iso-port", metavar="PORT", type=int, help="port of the ISO 8583 server (default: 8583; 0: a free port)"
    )
    serve.add_argument(
        "--iso-listener",
        action="append",
        dest="iso_listeners",
        metavar="DIALECT:PORT",
        help="additional ISO 8583 port in another dialect, see docs/wire.md; can be given several times",
    )
    serve.add_argument(
        "--public-url", metavar="URL", help="URL that callers use if a proxy stands in front of the server"
    )
    serve.add_argument(
        "--root-key-file",
        metavar="FILE",
        type=Path,
        help="the vault's root key file (default: root.key in the data directory)",
    )
    serve.add_argument(
        "--database",
        metavar="URL",
        help="the vault's database, postgresql://... (default: SQLite in the data directory)",
    )
    serve.add_argument(
        "--tls-certificate",
        metavar="FILE",
        type=Path,
        help="PEM file of the server certificate; the HTTP API then accepts only TLS",
    )
    serve.add_argument("--tls-key", metavar="FILE", type=Path, help="PEM file of the certificate's private key")
    serve.add_argument(
        "--tls-client-authorities",
        metavar="FILE",
        type=Path,
        help="PEM file of authorities: callers must present a client certificate issued by one of them",
    )
    serve.add_argument(
        "--vendor-apis",
        action="store_true",
        default=None,
        help="enable the vendor-compatible mock APIs, see docs/qa-guide.md",
    )
    serve.add_argument("--look-alikes", dest="vendor_apis", action=EarlierFlag, now="--vendor-apis")
    serve.add_argument(
        "--log-level",
        choices=["debug", "info", "warning", "error"],
        help="minimum level that is logged (default: info)",
    )
    serve.add_argument("--log-format", choices=["console", "json"], help="format of log lines (default: console)")
    serve.set_defaults(run=_run, needs_engine=lambda _arguments: True)


def _run(arguments: argparse.Namespace) -> int:
    # A quarter of a warm start is looking for garbage among what is imported, and all of that stays. Serving has it on.
    gc.disable()
    try:
        return _served(arguments)
    finally:
        gc.enable()


def _served(arguments: argparse.Namespace) -> int:
    from simulators.sandbox.serve import serve

    flags = {name: value for name, value in vars(arguments).items() if name not in _NO_SETTINGS}
    if flags["iso_listeners"] is not None:
        from simulators.sandbox.settings.iso_listeners import listener_of

        try:
            flags["iso_listeners"] = [listener_of(text) for text in flags["iso_listeners"]]
        except ValueError as error:
            raise UsageError(f"--iso-listener {error}") from None
    settings = settings_from(flags)
    return 2 if settings is None else serve(settings)
