"""``tapwright completion``: a completion script for a shell, made from the parser that reads the arguments."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import shtab


def print_completion(parser: argparse.ArgumentParser, shell: str) -> int:
    """Print the script for bash, zsh or tcsh; returns the exit code."""
    for action in _all_actions(parser):
        if action.type is Path:
            # Where `shtab` looks for what a value may be; argparse has no place for it.
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    sys.stdout.write(shtab.complete(parser, shell) + "\n")
    return 0


def _all_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser and of its verbs."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _all_actions(verb)
