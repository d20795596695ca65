"""jPOS's classes of fields, as the names of its packagers have them."""

from authz.iso8583.dialects.jpos_classes import field_classes


def test_a_class_by_its_name():
    """What its name says: the length in front, and what the field holds."""
    classes = field_classes.__wrapped__()
    told = {name: (found.length_encoding, found.length_bytes, found.content) for name, found in classes.items()}
    assert told["IFB_LLNUM"] == ("bcd", 1, "packed-0")
    assert told["IFA_LLLCHAR"] == ("ascii", 3, "latin-1")
    assert told["IF_CHAR"][1:] == (0, "latin-1")
    assert classes == field_classes()
