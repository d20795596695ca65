"""ISO 3166-1: which numeric codes are countries. The data is that of `iso3166`."""

from iso3166 import countries_by_alpha2, countries_by_numeric

_USER_ASSIGNED = range(900, 1_000)
"""For users of the standard to assign (ISO 3166-1, 8.1.3): networks have their own there, for Kosovo say."""

NO_COUNTRY = "is not an ISO 3166-1 numeric code of a country"
"""The error for a code that is not a country."""


def is_country(code: str) -> bool:
    """Whether three digits are a country's, or one of those left to users."""
    return code in countries_by_numeric or (
        len(code) == 3 and code.isascii() and code.isdigit() and int(code) in _USER_ASSIGNED
    )


def number_of_letters(letters: str) -> int:
    """The numeric code of a country by its two letters, 0 where they are none's."""
    country = countries_by_alpha2.get(letters)
    return 0 if country is None else int(country.numeric)


def letters_of(code: str) -> str:
    """A country's two letters by its numeric code; two spaces where it has none."""
    country = countries_by_numeric.get(code)
    return "  " if country is None else str(country.alpha2)
