"""What a chair types about the mail out, made clean."""

from crispy_forms.layout import Field
from django import forms

from forum.forms import PlainForm
from forum.outbox import letter

WHY_LENGTH = 200


class StopForm(PlainForm):
    """Why sending is stopped."""

    why = forms.CharField(
        label="Why",
        help_text=f"Other chairs see this. At most {WHY_LENGTH} characters",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    layout = (Field("why", wrapper_class="full narrow"),)

    def clean_why(self) -> str:
        """The reason on one line.

        Errors: ValidationError.
        """
        why = letter.one_line(letter.clean(str(self.cleaned_data["why"])))
        if len(why) > WHY_LENGTH:
            raise forms.ValidationError(f"Shorten the reason to {WHY_LENGTH} characters")
        return why
