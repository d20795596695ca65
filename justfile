# The commands that are run most often, by name. `just` alone lists them.

default:
    @just --list

# Make a virtual environment with everything that the tests need.
setup:
    python3 -m venv .venv
    .venv/bin/pip install --quiet --editable '.[test]'

# Run the fast tests.
test *arguments:
    .venv/bin/pytest {{arguments}}

# Check format, lint and types.
check:
    .venv/bin/ruff format --check .
    .venv/bin/ruff check .
    .venv/bin/mypy

# Regenerate the generated parts of the kernel and of the documents.
docs:
    .venv/bin/python -m authz.kernel.generation
    .venv/bin/python -m docs.generated

# Show what the next release's changelog will say; with a version, make the release.
changelog *arguments:
    .venv/bin/python -m docs.changelog {{arguments}}

# Run a network on this machine.
serve *arguments:
    .venv/bin/tapwright serve {{arguments}}

# Everything that CI runs, in a virtual environment of its own.
ci:
    bash .ci/run
