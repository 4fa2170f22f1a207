"""Parts of addresses that only publications have."""


class CalendarYear:
    """«2025»: a year of this century."""

    regex = "20[0-9]{2}"

    def to_python(self, value: str) -> int:
        """The year."""
        return int(value)

    def to_url(self, value: int) -> str:
        """As it stands in addresses."""
        return f"{value}"
