"""What chairs see of the mail out: read-only lists, and the one switch."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from forum.kit import clock, wording
from forum.outbox import letter, post
from forum.outbox.forms import StopForm
from forum.outbox.models import Mailing, Message, SendingSwitch

State = Message.State
STATES = {
    "waiting": ("On its way", State.waiting()),
    "sent": ("Sent", [State.SENT]),
    "refused": ("Refused", [State.FAILED]),
    "in_doubt": ("Nobody knows", [State.IN_DOUBT]),
    "not_sent": ("Not sent", [State.SUPPRESSED, State.EXPIRED, State.CANCELLED]),
}
STATE_WORDS = {
    **dict.fromkeys(State.waiting(), "On its way"),
    State.SENT: "Sent",
    State.FAILED: "Refused",
    State.IN_DOUBT: "Nobody knows: the connection broke after it was handed over",
    State.SUPPRESSED: "Not sent: they asked for no mail",
    State.EXPIRED: "Not sent: it was too late for it",
    State.CANCELLED: "Ended before it was sent",
}


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django has no generic here
    """Lists and shows; nothing can be added, changed or deleted here."""

    show_full_result_count = False
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False


class StateFilter(admin.SimpleListFilter):
    """How far messages have come, in words."""

    title = "state"
    parameter_name = "how_far"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The states as people read them."""
        return [(key, words) for key, (words, _) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The messages asked for."""
        _, states = STATES.get(self.value() or "", ("", []))
        return queryset.filter(state__in=states) if states else queryset


class LetterFilter(admin.SimpleListFilter):
    """Which letter messages are copies of."""

    title = "letter"
    parameter_name = "letter"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The letters that were ever written."""
        kinds = Mailing.objects.order_by("kind").values_list("kind", flat=True).distinct()
        return [(kind, _in_words(kind)) for kind in kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows asked for."""
        field = "kind" if queryset.model is Mailing else "mailing__kind"
        return queryset.filter(**{field: self.value()}) if self.value() else queryset


@admin.register(Mailing)
class MailingAdmin(ReadOnlyAdmin):
    """What was written."""

    list_display = ("subject_shown", "letter", "when")
    list_filter = (LetterFilter,)
    fields = ("letter", "subject_shown", "when", "urgency", "method", "cause")

    @admin.display(description="Subject")
    def subject_shown(self, mailing: Mailing) -> str:
        """Give the subject; slots stand in brackets."""
        return mailing.subject.replace("\ue000", "[").replace("\ue001", "]")

    @admin.display(description="Letter", ordering="kind")
    def letter(self, mailing: Mailing) -> str:
        """Give which letter it is."""
        return _in_words(mailing.kind)

    @admin.display(description="When", ordering="created_at")
    def when(self, mailing: Mailing) -> str:
        """Give when it was written, by the portal's clock."""
        return wording.lately(mailing.created_at, clock.now())


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """To whom, and how far it has come."""

    list_display = ("to", "subject", "how_far", "when", "why")
    list_filter = (StateFilter, LetterFilter)
    search_fields = ("to_address", "to_name", "message_id")
    search_help_text = "Name or address"
    list_select_related = ("mailing",)
    list_per_page = 50
    fields = ("to_name", "to_address", "subject", "how_far", "when", "why", "attempts", "message_id", "key")

    @admin.display(description="To", ordering="to_address")
    def to(self, message: Message) -> str:
        """Give the address."""
        return message.to_address

    @admin.display(description="About", ordering="mailing__subject")
    def subject(self, message: Message) -> str:
        """Give the subject as this person reads it."""
        slots = dict.fromkeys(letter.names(message.mailing.subject), "…")
        return letter.fill(message.mailing.subject, slots | {"to_name": message.to_name} | message.slots)

    @admin.display(description="State", ordering="state")
    def how_far(self, message: Message) -> str:
        """Give how far it has come, in words."""
        if message.state == State.QUEUED and message.attempts:
            return "Refused for now: it is tried again by itself"
        return STATE_WORDS[State(message.state)]

    @admin.display(description="When", ordering="dated_at")
    def when(self, message: Message) -> str:
        """Give its date, by the portal's clock."""
        return wording.lately(message.dated_at, clock.now())

    @admin.display(description="Why", empty_value="")
    def why(self, message: Message) -> str:
        """Give what the relay said, while the message has not gone."""
        return "" if message.state == State.SENT else f"{message.smtp_code or ''} {message.error}".strip()


@admin.register(SendingSwitch)
class SendingSwitchAdmin(ReadOnlyAdmin):
    """The switch: one page with one button."""

    def get_urls(self) -> list[URLPattern]:
        """Give the list's address, which shows the page, and the two that press the button."""
        return [
            path("off/", self.admin_site.admin_view(self.switch_off), name="outbox_sendingswitch_off"),
            path("on/", self.admin_site.admin_view(self.switch_on), name="outbox_sendingswitch_on"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show whether sending is on, and the button."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Sending of mail",
            "opts": self.opts,
            "switch": SendingSwitch.objects.off().first(),
            "waiting": Message.objects.waiting().count(),
            "may_switch": self._may_switch(request),
            "form": StopForm(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/outbox/sending_switch.html", context)

    @method_decorator(require_POST)
    def switch_off(self, request: HttpRequest) -> HttpResponse:
        """Stop all mail out."""
        if not self._may_switch(request):
            raise PermissionDenied
        form = StopForm(request.POST)
        if not form.is_valid():
            return self.changelist_view(request, {"form": form})
        if post.stop_sending(by=request.user.pk, why=form.cleaned_data["why"], now=clock.now()):
            messages.success(request, "Sending is stopped. Messages wait until you start it again.")
        return redirect("admin:outbox_sendingswitch_changelist")

    @method_decorator(require_POST)
    def switch_on(self, request: HttpRequest) -> HttpResponse:
        """Start sending again."""
        if not self._may_switch(request):
            raise PermissionDenied
        if post.resume_sending(by=request.user.pk):
            messages.success(request, "Sending is on. What was waiting goes out now.")
        return redirect("admin:outbox_sendingswitch_changelist")

    def _may_switch(self, request: HttpRequest) -> bool:
        return request.user.has_perm("outbox.change_sendingswitch")


def _in_words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()
