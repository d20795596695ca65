"""``tapwright warm-up``: compiles the engine ahead."""

import argparse

from simulators.cli.flags.arguments import Verbs


def add(verbs: Verbs) -> None:
    """It has no flags."""
    warm_up = verbs.add_parser(
        "warm-up",
        help="compile the engine ahead, so that the first start is quick",
        description="Compile the engine for this machine and keep the machine code in the user's cache folder "
        "(XDG_CACHE_HOME, else ~/.cache), where every command of the same user finds it. Nothing is done if it is "
        "there already. The exit code is 1 if it cannot be kept.",
    )
    warm_up.set_defaults(run=_run, needs_engine=lambda _arguments: True)


def _run(_arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.warm_up import run_warm_up

    return run_warm_up()
