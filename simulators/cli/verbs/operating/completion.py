"""``tapwright completion``: completes commands and flags in a shell."""

import argparse

from simulators.cli.flags.arguments import Verbs

_SHELLS = ("bash", "zsh", "tcsh")


def add(verbs: Verbs) -> None:
    """Its argument."""
    completion = verbs.add_parser(
        "completion",
        help="print a script that completes commands and flags in your shell",
        description="Print a script for a shell. In bash, `tapwright completion bash > "
        "~/.local/share/bash-completion/completions/tapwright` installs it; in zsh, `tapwright completion zsh > "
        "_tapwright` in a folder of $fpath; in tcsh, `tapwright completion tcsh > ~/.tapwright.tcsh` and "
        "`source ~/.tapwright.tcsh` in ~/.cshrc.",
    )
    completion.add_argument("shell", choices=_SHELLS, help="the shell that the script is for")
    completion.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.completion import print_completion

    return print_completion(arguments.parser, arguments.shell)
