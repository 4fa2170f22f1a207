"""A day typed in three boxes."""

from datetime import date
from typing import Any

from django import forms

from forum.kit import wording

_BOXES = ("Day", "Month", "Year")
_WRONG = "Enter a day that there is, like 19 11 2025"


class DayBoxes(forms.MultiWidget):
    """Three boxes: day, month, year."""

    template_name = "forms/day_boxes.html"

    def __init__(self) -> None:
        digits = {"inputmode": "numeric", "autocomplete": "off"}
        super().__init__({name.lower(): forms.TextInput(attrs=digits) for name in _BOXES})

    def decompress(self, value: date | None) -> list[int | None]:
        """What stands in the boxes for a day."""
        return [value.day, value.month, value.year] if value else [None, None, None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """As Django has it, with the label of each box."""
        context = super().get_context(name, value, attrs)
        for box, label in zip(context["widget"]["subwidgets"], _BOXES, strict=True):
            box["label"] = label
        return context


class DayField(forms.MultiValueField):
    """A day; the month may be a number or a name."""

    widget = DayBoxes

    def __init__(self, **kwargs: Any) -> None:
        wrong = {"max_length": _WRONG, "null_characters_not_allowed": _WRONG}
        boxes = [forms.CharField(required=False, max_length=20, error_messages=wrong) for _ in _BOXES]
        kwargs["error_messages"] = {"invalid": _WRONG, "incomplete": _WRONG} | kwargs.get(
            "error_messages", {}
        )
        super().__init__(boxes, **kwargs)

    def compress(self, data_list: list[str]) -> date | None:
        """The day.

        Errors: ValidationError.
        """
        if not any(data_list):
            return None
        day, month, year = data_list
        try:
            return date(int(year), _month(month), int(day))
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(self.error_messages["invalid"], "invalid") from error


def _month(text: str) -> int:
    name = text.strip().lower()
    if len(name) < 3:
        return int(name)
    found = [number for number, month in enumerate(wording.MONTHS, 1) if month.lower().startswith(name)]
    if not found:
        raise ValueError(text)
    return found[0]
