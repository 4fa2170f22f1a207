"""What people type about their mail, made clean."""

from typing import Any

from django import forms

from members.models import Person


class MailChoiceForm(forms.Form):
    """What someone wants to stop getting."""

    STOP_EVERYTHING = "everything"
    STOP_MEETINGS = "meetings"

    stop = forms.ChoiceField(
        label="What should stop?",
        choices=[(STOP_MEETINGS, "Stop meeting invitations"), (STOP_EVERYTHING, "Stop everything")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what should stop", "invalid_choice": "Choose what should stop"},
    )
    take_out = forms.BooleanField(
        label="Also take future meetings out of my calendar",
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, on_forum_list: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_forum_list = on_forum_list
        if not on_forum_list:
            self.fields["stop"].choices = [(self.STOP_EVERYTHING, "Stop everything")]  # type: ignore[attr-defined]


class AddressForm(forms.Form):
    """Another address for someone."""

    email = forms.EmailField(
        label="Email address",
        error_messages={
            "required": "Enter the email address",
            "invalid": "Enter an email address in the usual form, like name@trust.org.uk",
        },
    )

    def __init__(self, *args: object, person: Person, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.person = person

    def clean_email(self) -> str:
        """The address in lower case, not yet anybody else's."""
        address = str(self.cleaned_data["email"]).strip().lower()
        if Person.objects.filter(email=address).exclude(pk=self.person.pk).exists():
            raise forms.ValidationError(
                "Somebody else has this address: check it, or end their place on the list first"
            )
        return address
