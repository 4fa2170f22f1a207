"""What chairs see of the mail out: read-only lists, and the one switch."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from forum.kit import clock
from forum.outbox import post
from forum.outbox.models import Mailing, Message, SendingSwitch

WHY_LENGTH = 200


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


@admin.register(Mailing)
class MailingAdmin(ReadOnlyAdmin):
    """What was written."""

    list_display = ("id", "kind", "subject_shown", "urgency", "method", "created_at")
    list_filter = ("kind", "urgency")
    fields = ("kind", "urgency", "subject_shown", "method", "cause", "created_at")

    @admin.display(description="Subject")
    def subject_shown(self, mailing: Mailing) -> str:
        """Give the subject; slots stand in brackets."""
        return mailing.subject.replace("\ue000", "[").replace("\ue001", "]")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """To whom, and how far it has come."""

    list_display = ("to_address", "kind", "state", "attempts", "next_at", "sent_at", "smtp_code", "error")
    list_filter = ("state", "urgency", "mailing__kind")
    search_fields = ("to_address", "to_name", "message_id")
    list_select_related = ("mailing",)
    fields = (
        *("mailing", "to_name", "to_address", "state", "about", "edition", "attempts", "doubts", "withdrawn"),
        *("dated_at", "next_at", "expires_at", "handed_at", "sent_at", "refused_at", "ended_at"),
        *("smtp_code", "error", "message_id", "key"),
    )

    @admin.display(description="Letter", ordering="mailing__kind")
    def kind(self, message: Message) -> str:
        """Give which letter it is."""
        return message.mailing.kind


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
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/outbox/sending_switch.html", context)

    @method_decorator(require_POST)
    def switch_off(self, request: HttpRequest) -> HttpResponse:
        """Stop all mail out."""
        if not self._may_switch(request):
            raise PermissionDenied
        why = request.POST.get("why", "").strip()[:WHY_LENGTH]
        if post.stop_sending(by=request.user.pk, why=why, now=clock.now()):
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
