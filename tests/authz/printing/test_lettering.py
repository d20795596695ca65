"""Fonts of single characters: each is drawn by one that has it, and nothing becomes a blank or a box."""

import pytest

from authz.printing.lettering import fitted, runs, width

LATIN, BOLD, CHINESE, KOREAN = "Helvetica", "Helvetica-Bold", "STSong-Light", "HYGothic-Medium"


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("TAPWRIGHT CAFE", [(LATIN, "TAPWRIGHT CAFE")]),
        ("Café “Zürich” €", [(LATIN, "Café “Zürich” €")]),
        ("北京 Cafe 店", [(CHINESE, "北京"), (LATIN, " Cafe "), (CHINESE, "店")]),
        ("Кафе カフェ Ω", [(CHINESE, "Кафе"), (LATIN, " "), (CHINESE, "カフェ"), (LATIN, " "), (CHINESE, "Ω")]),
        ("서울", [(KOREAN, "서울")]),
        ("Żabka Łódź ő đ", [(LATIN, "Zabka Lódz o d")]),
        ("ﬁne", [(LATIN, "fine")]),
        ("a\tb\u00a0c", [(LATIN, "a b c")]),
        ("a\x00b\x1b[1m", [(LATIN, "a?b?[1m")]),
        ("\ufffd\ufffd ไทย \U0001f600", [(LATIN, "?? ??? ?")]),
        ("", []),
    ],
)
def test_each_character_has_a_font(text, drawn):
    """The first that has it; else what is left without accents, else a question mark."""
    assert "".join(run for _, run in runs(text)) == "".join(run for _, run in drawn)
    assert [pair for pair in runs(text) if pair[1]] == drawn


def test_every_character_can_be_drawn():
    """In an encoding that the font has: all of the first plane, and a few beyond."""
    encodings = {LATIN: "cp1252", CHINESE: "gbk", KOREAN: "cp949"}
    for character in map(chr, [*range(0xD800), *range(0xE000, 0x10000), 0x1F600, 0x20000, 0x10FFFF]):
        for font, run in runs(f"a{character}"):
            run.encode(encodings[font])
            assert all(each == " " or each.isprintable() for each in run), character


def test_only_latin_text_is_bold():
    """The others have no bold letters."""
    assert runs("Bank 银行", is_bold=True) == [(BOLD, "Bank "), (CHINESE, "银行")]


def test_what_does_not_fit_ends_with_an_ellipsis():
    """And what fits is left as it is."""
    assert fitted("short", 9, 100) == "short"
    for text in ("A" * 40, "很" * 40, "word " * 20):
        shown = fitted(text, 9, 100)
        assert shown.endswith("…")
        assert 80 < width(shown, 9) <= 100
    assert width("很", 9) == pytest.approx(9)
    assert len(fitted("A" * 40, 9, 100, is_bold=True)) < len(fitted("A" * 40, 9, 100))
