"""The answer to an invitation."""

from typing import Any

from crispy_forms.layout import Field
from django import forms

from forum.forms import PlainForm
from forum.kit import characters
from meetings.models import Answer

NOTE_LENGTH = 300
_CHOOSE = "Choose yes, maybe or no"


class NoteField(forms.CharField):
    """A few lines of text; a line break counts as one character, as people count it."""

    def to_python(self, value: Any) -> str:
        """The text with plain line breaks."""
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


class AnswerForm(PlainForm):
    """Yes, maybe or no, with a note to the chairs."""

    answer = forms.ChoiceField(
        label="Can you come?",
        choices=Answer.Choice.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _CHOOSE, "invalid_choice": _CHOOSE},
    )
    note = NoteField(
        label="A note to the chairs",
        help_text=f"At most {NOTE_LENGTH} characters",
        required=False,
        max_length=NOTE_LENGTH,
        validators=[characters.LINES],
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": f"Make the note shorter: at most {NOTE_LENGTH} characters"},
    )
    layout = (Field("answer", wrapper_class="boxed legend-hidden"), "note")
