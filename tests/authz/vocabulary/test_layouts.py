"""Layouts of commands: over the same bytes, without fields that overlap wrongly, and with no other fields."""

from dataclasses import replace

import numpy as np
import pytest

from authz.vocabulary.commands import COMMAND, COMMAND_BYTES, HEAD, Kind
from authz.vocabulary.layouts import DISPUTE, LAYOUT_OF, MESSAGE, check_layouts, joined, new_command, new_messages, read
from authz.vocabulary.record_fields import Field, laid_out
from tests.authz.commands import tap


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_laid_out_over_the_whole_record(kind):
    """With the head where all have it, and no byte that belongs to nothing: such a byte is not copied."""
    layout = LAYOUT_OF[kind]
    assert layout.dtype.itemsize == COMMAND_BYTES
    assert sum(layout.dtype[name].itemsize for name in layout.dtype.names) == COMMAND_BYTES
    for field in HEAD:
        assert layout.dtype.fields[field.name] == COMMAND.fields[field.name]


def test_fields_that_overlap_in_one_layout_are_refused():
    """Also where only the last byte of one is the first of the next, and behind the record's end."""
    first = Field("first", "u4", 0, "The first.")
    with pytest.raises(AssertionError, match="second overlaps"):
        laid_out([first, Field("second", "u1", 3, "The second.")], 8)
    with pytest.raises(AssertionError, match="second ends behind the record"):
        laid_out([first, Field("second", "u8", 8, "The second.")], 12)
    with pytest.raises(ValueError, match="alignment"):
        laid_out([Field("second", "u4", 2, "The second.")], 8)
    assert laid_out([first, Field("second", "u1", 4, "The second.")], 8).names == ("first", "second", "unused_5")


@pytest.mark.parametrize(
    "wrong",
    [Field("half", "u4", 48, "Half of an amount."), Field("sum", "u8", 48, "Without a sign.")],
)
def test_numbers_have_one_type_in_all_layouts(wrong):
    """A byte of an amount is part of no smaller number and of none without a sign, whatever the kind."""
    changed = LAYOUT_OF | {Kind.PASS_TIME: replace(LAYOUT_OF[Kind.PASS_TIME], fields=(wrong,))}
    with pytest.raises(AssertionError, match=f"{wrong.name} of PASS_TIME overlaps|overlaps {wrong.name} of another"):
        check_layouts(changed)


def test_text_lies_where_other_kinds_have_numbers():
    """There is no room for a merchant's name and city otherwise."""
    (limit,) = [field for field in LAYOUT_OF[Kind.SET_ACCOUNT].fields if field.name == "limit_minor"]
    (city,) = [field for field in LAYOUT_OF[Kind.FINANCIAL_REQUEST].fields if field.name == "merchant_city"]
    assert (limit.offset, limit.form, city.offset, city.form) == (112, "i8", 112, "S13")


def test_a_kind_without_a_layout_is_refused():
    """When the module is imported."""
    without = {kind: layout for kind, layout in LAYOUT_OF.items() if kind != Kind.CHARGEBACK}
    with pytest.raises(AssertionError, match="without a layout: CHARGEBACK"):
        check_layouts(without)


def test_a_command_is_made_with_the_fields_of_its_kind_and_no_others():
    """What is not given is zero."""
    made = new_command(Kind.CHARGEBACK, decision=7, amount_minor=250)
    assert made.dtype == DISPUTE
    assert (made["kind"][0], made["decision"][0], made["amount_minor"][0]) == (Kind.CHARGEBACK, 7, 250)
    assert np.count_nonzero(made.view(np.uint8)) == 3
    with pytest.raises(ValueError, match="a command of kind CHARGEBACK has no field stan"):
        new_command(Kind.CHARGEBACK, stan=1)
    with pytest.raises(ValueError, match="no field unused_56"):
        new_command(Kind.CHARGEBACK, unused_56=b"1")


def test_commands_of_any_layouts_are_joined_and_read_again():
    """Each by the layout of its kind, with every byte that it had."""
    made = [tap(1), new_command(Kind.REPRESENTMENT, decision=3), new_messages(2)]
    together = joined(made)
    assert together.dtype == COMMAND
    assert together.tobytes() == b"".join(each.tobytes() for each in made)
    assert read(together[0]).dtype == MESSAGE
    assert read(together[0]) == made[0][0]
    assert (read(together[1])["decision"], read(together[1]).dtype) == (3, DISPUTE)
