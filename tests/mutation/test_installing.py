"""Finding the functions that get a mutant's code."""

import gc

from tests.mutation.installing import functions_by_file
from tests.mutation.mutants import mutants_of


def test_functions_are_found_whatever_was_put_aside():
    """`gc.freeze` hides what is there from `gc.get_objects`: no mutant would be installed, and all would survive."""
    gc.freeze()
    found = functions_by_file()
    gc.freeze()
    assert mutants_of in found[mutants_of.__code__.co_filename]
