"""What people type about their mail, and chairs about people, made clean."""

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from django import forms

from members.models import Person, Trust, TrustRole, read_address


class CodeRequestForm(RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """The address that a sign-in code goes to."""

    email = forms.EmailField(
        error_messages={
            "required": "Enter your work email address",
            "invalid": "Enter your work email address in the usual form, like name@trust.org.uk",
        }
    )

    def clean_email(self) -> str:
        """The address as we keep it, so that the code goes there and nowhere that only looks alike."""
        self.cleaned_data["email"] = str(self.cleaned_data["email"]).strip().lower()
        return str(super().clean_email())


class CodeForm(ConfirmLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """The six figures from the message."""

    code = forms.CharField(error_messages={"required": "Enter the six figures from the message"})


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


# --- What chairs type about people ------------------------------------------------------------------------------------


class DetailsForm(forms.Form):
    """Someone's name and job title."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the name", "max_length": "Shorten the name to 120 characters"},
    )
    job_title = forms.CharField(
        label="Job title (optional)",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": "Shorten the job title to 120 characters"},
    )

    def clean_name(self) -> str:
        """The name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_job_title(self) -> str:
        """The job title on one line."""
        return " ".join(str(self.cleaned_data["job_title"]).split())


class PlaceForm(forms.Form):
    """A place at a trust."""

    trust = forms.ModelChoiceField(
        label="Trust",
        queryset=Trust.objects.order_by("name"),
        empty_label="Choose a trust",
        error_messages={"required": "Choose the trust", "invalid_choice": "Choose a trust from the list"},
    )
    kind = forms.ChoiceField(
        label="What are they there?",
        choices=TrustRole.Kind.choices,
        initial=TrustRole.Kind.COLLEAGUE,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what they are there"},
    )


class AddPersonForm(DetailsForm, PlaceForm):
    """Somebody new."""

    email = forms.EmailField(
        label="Email address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Enter the email address",
            "invalid": "Enter an email address in the usual form, like name@trust.org.uk",
        },
    )
    on_list = forms.BooleanField(
        label="Put them on the Forum’s list",
        help_text="Invitations that are out now reach them within a minute; later ones as usual",
        required=False,
        initial=True,
    )
    field_order = ("name", "email", "job_title", "trust", "kind", "on_list")

    def clean_email(self) -> str:
        """The address in lower case, not yet anybody's."""
        try:
            address = read_address(str(self.cleaned_data["email"]))
        except forms.ValidationError as error:
            raise forms.ValidationError(self.fields["email"].error_messages["invalid"]) from error
        if Person.objects.filter(email=address).exists():
            raise forms.ValidationError("Somebody with this address is here already: look them up instead")
        return address


class LeaveListForm(forms.Form):
    """Whether leaving the list also empties the calendar."""

    take_out = forms.BooleanField(
        label="Also take future meetings out of their calendar", required=False, initial=True
    )
