"""Reads arguments: says what was perhaps meant by a word that does not exist, with the usage of the verb concerned."""

import argparse
from collections.abc import Sequence
from typing import Any

from simulators.process.did_you_mean import did_you_mean, nearest


class CommandParser(argparse.ArgumentParser):
    """Reads the arguments of `tapwright` or of one of its verbs, which get a parser of this class as well."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Read everything: a verb that left over what it does not know would leave the error, and the usage, to others.

        Exits with code 2 where an argument is wrong.
        """
        if self._subparsers is None and args is not None:
            # Before an argument is missed that is only misspelt.
            self._refuse([each for each in args[: _end_of_flags(args)] if each.startswith("--") and self._lacks(each)])
        parsed, unknown = super().parse_known_args(args, namespace)
        self._refuse(unknown)
        return parsed, unknown

    def _lacks(self, argument: str) -> bool:
        """Whether something that looks like a flag is none, and not the beginning of one either."""
        name = argument.partition("=")[0]
        return " " not in argument and not any(
            option.startswith(name) for action in self._actions for option in action.option_strings
        )

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Hold a value against the choices of its argument. Raises: ArgumentError."""
        if action.choices is None or value in action.choices:
            return
        choices = [str(each) for each in action.choices]
        if isinstance(action, argparse._SubParsersAction):
            raise argparse.ArgumentError(None, f"there is no command {value}{did_you_mean(value, choices)}")
        meant = did_you_mean(str(value), choices)
        raise argparse.ArgumentError(action, f"{str(value)!r} is not one of {', '.join(choices)}{meant}")

    def _refuse(self, arguments: list[str]) -> None:
        """Exit with the usage if there are arguments that the verb does not have."""
        if not arguments:
            return
        flags = [each.partition("=")[0] for each in arguments if each.startswith("-")]
        if not flags:
            self.error(f"unexpected argument {arguments[0]!r}")
        known = {
            name.lstrip("-"): name
            for action in self._actions
            if action.help != argparse.SUPPRESS
            for name in action.option_strings
        }
        near = nearest(flags[0].lstrip("-"), known)
        self.error(f"there is no flag {flags[0]}" + (f"; did you mean {known[near]}?" if near else ""))


def _end_of_flags(arguments: Sequence[str]) -> int:
    """Where ``--`` stands, behind which nothing is a flag; else the end."""
    return arguments.index("--") if "--" in arguments else len(arguments)
