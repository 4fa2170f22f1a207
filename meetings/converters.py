"""School years in addresses: «2025-26»."""


class SchoolYear:
    """The year a school year begins in, written with the next one."""

    regex = r"20\d\d-\d\d"

    def to_python(self, value: str) -> int:
        """The year it begins in.

        Errors: ValueError when the two years do not follow each other, so that the address is not found.
        """
        year = int(value[:4])
        if self.to_url(year) != value:
            raise ValueError(value)
        return year

    def to_url(self, value: int) -> str:
        """«2025-26» from 2025."""
        return f"{value}-{(value + 1) % 100:02d}"
