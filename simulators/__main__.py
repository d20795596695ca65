"""``python -m simulators``: the same as ``tapwright``."""

import sys

from simulators.cli.command_line import main

if __name__ == "__main__":
    sys.exit(main())
