"""The merchant that a terminal belongs to."""

from dataclasses import dataclass

from tokenvault.reference_data.countries import letters_of


@dataclass(frozen=True)
class Merchant:
    """Whose terminal it is. category: ISO 18245 code.  country: ISO 3166 numeric.  acquirer: DE 32, up to 11 digits.

    position: latitude and longitude in degrees, where the terminal stands (DE 59).
    """

    name: str = "TAPWRIGHT CAFE"
    city: str = "BERLIN"
    identifier: str = "CAFE00000000001"
    category: str = "5814"
    country: str = "276"
    acquirer: str = "99900000002"
    position: tuple[float, float] | None = None

    @property
    def name_and_location(self) -> str:
        """DE 43: name (25), city (13), country (2)."""
        return f"{self.name[:25]:<25}{self.city[:13]:<13}{letters_of(self.country)}"

    @property
    def position_text(self) -> str | None:
        """DE 59: degrees as ISO 6709 writes them."""
        if self.position is None:
            return None
        latitude, longitude = self.position
        return f"{latitude:+09.5f}{longitude:+010.5f}/"
