"""What people type about their mail, and chairs about people, made clean."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core import context, ratelimit
from allauth.core.internal.ratelimit import get_ip as network_of
from allauth.mfa.adapter import get_adapter as get_second_step_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from crispy_forms.layout import Field
from django import forms

from forum.forms import PlainForm, RowChoiceField
from forum.kit import characters
from members import figures
from members.models import Office, Person, Trust, TrustRole, read_address


def refusal_of_code(address: str) -> forms.ValidationError | None:
    """Counts a code that is asked for, whoever has the address; why none is sent, if none is.

    The first limit counts an address and a network together: a stranger who tries somebody's address from elsewhere
    uses up their own tries, never those of its owner. Ten codes an hour with five tries each leave a guesser on one
    network one chance in 20,000 an hour. The second spares a mailbox the messages of many networks; a code that its
    owner has already goes on working.
    """
    request = context.request
    if not ratelimit.consume(request, action="request_login_code", key=f"{address} {network_of(request)}"):
        return get_adapter().validation_error("too_many_login_attempts")  # type: ignore[no-any-return]
    if not ratelimit.consume(request, action="codes_to_address", key=address):
        return get_adapter().validation_error("too_many_codes")  # type: ignore[no-any-return]
    return None


class CodeRequestForm(PlainForm, RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """The address that a sign-in code goes to."""

    email = forms.EmailField(
        label="Your work email address",
        help_text="The one our invitations go to",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your work email address",
            "invalid": "Enter your work email address in the usual form, like name@trust.org.uk",
        },
    )

    def clean_email(self) -> str:
        """The address as we keep it, so that the code goes there and nowhere that only looks alike.

        Whether a code may go is asked before it shows whether anybody has the address.
        """
        address = str(self.cleaned_data["email"]).strip().lower()
        self._user = Person.objects.filter(email=address, is_active=True).first()
        refusal = refusal_of_code(address)
        if refusal:
            raise refusal
        return address


_TYPED_FIGURES = {"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}


class CodeForm(PlainForm, ConfirmLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """The six figures from the message."""

    code = forms.CharField(
        label="Code",
        help_text="Type it or paste it. Spaces do not matter.",
        widget=forms.TextInput(attrs=_TYPED_FIGURES),
        error_messages={"required": "Enter the six figures from the message"},
    )
    remember = forms.BooleanField(
        label="Keep me signed in on this device",
        help_text="For two weeks. Leave this off where others use the computer too",
        required=False,
    )
    layout = (Field("code", wrapper_class="width-10"), "remember")


def _figures(label: str) -> forms.CharField:
    """The field for figures from an app or a list of codes."""
    return forms.CharField(
        label=label,
        help_text="Type or paste it. Spaces do not matter.",
        max_length=40,
        widget=forms.TextInput(attrs=_TYPED_FIGURES),
        error_messages={
            "required": "Enter the figures that your app shows now",
            "max_length": "Enter the figures alone, six of them from the app or eight of a recovery code",
        },
    )


def count_try(person: Person, where: str) -> Callable[[], None]:
    """Counts a try at somebody's second step; what forgets it, for a try that was right.

    Shape: `where` is a network while signing in, and a session of whoever is signed in. Tries elsewhere count there, so
    that whoever reads somebody's mail cannot hold the second step shut for its owner.
    Errors: ValidationError after five wrong ones in five minutes.
    """
    key, request = f"{person.pk} {where}", context.request
    if not ratelimit.consume(request, action="second_step", key=key):
        raise get_adapter().validation_error("too_many_login_attempts")
    return lambda: ratelimit.clear(request, action="second_step", key=key)


def this_session(purpose: str) -> str:
    """Where somebody who is signed in tries something."""
    return f"{purpose} {context.request.session.session_key}"


class FiguresForm(PlainForm):
    """What finds the app or the recovery codes that typed figures belong to, and uses them up."""

    user: Person
    authenticator: Authenticator

    def place(self) -> str:
        """Where the tries are counted."""
        return f"sign-in {network_of(context.request)}"

    def clean_code(self) -> str:
        """The figures, if they are good; they are not any more afterwards."""
        right = count_try(self.user, self.place())
        code = str(self.cleaned_data["code"])
        kept = Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN)
        found = next((one for one in kept if _is_good(one, code)), None)
        if found is None:
            raise get_second_step_adapter().validation_error("incorrect_code")
        self.authenticator = found
        right()
        return code


def _is_good(kept: Authenticator, code: str) -> bool:
    if kept.type == Authenticator.Type.TOTP:
        return figures.use(kept, code)
    return bool(kept.wrap().validate_code(code))


class SecondStepForm(FiguresForm, AuthenticateForm):  # type: ignore[misc]
    """The figures of the app, or a recovery code, while signing in."""

    code = _figures("Code from your app, or a recovery code")
    layout = (Field("code", wrapper_class="width-10"),)


class ConfirmForm(FiguresForm, ReauthenticateForm):  # type: ignore[misc]
    """The same, once more, of someone who is signed in."""

    code = _figures("Code from your app, or a recovery code")
    layout = (Field("code", wrapper_class="width-10"),)

    def place(self) -> str:
        """This session: who confirms is signed in."""
        return this_session("confirm")


class AppCodeForm(PlainForm):
    """The first figures of a new app, which prove that the secret arrived there.

    Shape: `secret` is in base32, as the app keeps it; `counter` says afterwards which half minute the figures were of.
    """

    code = _figures("The six figures that the app shows now")
    layout = (Field("code", wrapper_class="width-10"),)

    def __init__(self, *args: Any, person: Person, secret: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.secret, self.counter = person, secret, 0

    def clean_code(self) -> str:
        """The figures, if the app with this secret shows them."""
        right = count_try(self.person, this_session("set-up"))
        code = str(self.cleaned_data["code"])
        counter = figures.counter_of(self.secret, code)
        if counter is None:
            raise forms.ValidationError(
                "The app shows other figures now. Check that its clock is right, and type the next ones"
            )
        right()
        self.counter = counter
        return code


class PasskeyAnswer(PlainForm):
    """What a browser answers to a challenge; whatever else somebody sends is refused with a sentence."""

    credential = forms.JSONField(
        widget=forms.HiddenInput,
        error_messages={
            "required": "Press the button for a passkey and follow what your browser shows",
            "invalid": "That was not the answer of a passkey. Try again",
        },
    )

    def full_clean(self) -> None:
        """As forms do, but what cannot even be read as an answer is a wrong answer."""
        try:
            super().full_clean()
        except (KeyError, TypeError, ValueError, AttributeError):
            self.cleaned_data = {}
            self.add_error(None, "That was not the answer of a passkey. Try again")


class PasskeySignInForm(PasskeyAnswer, LoginWebAuthnForm):  # type: ignore[misc]
    """Signing in with a passkey alone."""


class PasskeyStepForm(PasskeyAnswer, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second step."""


class PasskeyConfirmForm(PasskeyAnswer, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey once more, of someone who is signed in."""


class PasskeyForm(PasskeyAnswer, AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey and what its owner calls it."""

    name = forms.CharField(
        label="What do you call it?",
        help_text="Such as ‘my phone’, so that you know later which one it is",
        required=False,
        max_length=60,
        error_messages={"max_length": "Shorten the name to 60 characters"},
    )
    credential = forms.JSONField(
        widget=forms.HiddenInput,
        error_messages={
            "required": "Press ‘Make a passkey’ and follow what your browser shows",
            "invalid": "That was not a passkey. Press ‘Make a passkey’ again",
        },
    )
    layout = (Field("name", wrapper_class="width-20"),)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)


class MailChoiceForm(PlainForm):
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
    layout = (Field("stop", wrapper_class="boxed"), "take_out")

    def __init__(self, *args: Any, on_forum_list: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_forum_list = on_forum_list
        if not on_forum_list:
            self.fields["stop"].choices = [(self.STOP_EVERYTHING, "Stop everything")]  # type: ignore[attr-defined]


class AddressForm(PlainForm):
    """Another address for someone."""

    email = forms.EmailField(
        label="Email address",
        error_messages={"required": "Enter the email address"},
    )

    def __init__(self, *args: object, person: Person, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_email(self) -> str:
        """The address in lower case, not yet anybody else's."""
        address = read_address(str(self.cleaned_data["email"]))
        if Person.objects.filter(email=address).exclude(pk=self.person.pk).exists():
            raise forms.ValidationError(
                "Somebody else has this address: check it, or end their place on the list first"
            )
        return address


# --- What chairs type about people ------------------------------------------------------------------------------------


class DetailsForm(PlainForm):
    """Someone's name and job title."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        validators=[characters.ONE_LINE],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the name", "max_length": "Shorten the name to 120 characters"},
    )
    job_title = forms.CharField(
        label="Job title",
        required=False,
        max_length=120,
        validators=[characters.ONE_LINE],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": "Shorten the job title to 120 characters"},
    )

    def clean_name(self) -> str:
        """The name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_job_title(self) -> str:
        """The job title on one line."""
        return " ".join(str(self.cleaned_data["job_title"]).split())


class PlaceForm(PlainForm):
    """A place at a trust."""

    trust = RowChoiceField(
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
        error_messages={"required": "Enter the email address"},
    )
    on_list = forms.BooleanField(
        label="Put them on the Forum’s list",
        help_text="They get a welcome with the dates, and the invitations that are out now, within a minute",
        required=False,
        initial=True,
    )
    field_order = ("name", "email", "job_title", "trust", "kind", "on_list")

    def clean_email(self) -> str:
        """The address in lower case, not yet anybody's."""
        address = read_address(str(self.cleaned_data["email"]))
        if Person.objects.filter(email=address).exists():
            raise forms.ValidationError("Somebody with this address is here already: look them up instead")
        return address


class LeaveListForm(PlainForm):
    """Whether leaving the list also empties the calendar."""

    take_out = forms.BooleanField(
        label="Also take future meetings out of their calendar", required=False, initial=True
    )


class OfficeForm(PlainForm):
    """An office of the Forum, or none."""

    office = forms.ChoiceField(
        label="Which office?",
        choices=[("", "None"), *Office.choices],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose an office from the list"},
    )
