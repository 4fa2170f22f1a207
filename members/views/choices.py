"""Mail choices behind a mailed link: opening changes nothing, a pressed button does."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from forum.kit import tokens
from forum.kit.doors import sealed
from members import actions, queries, rules
from members.forms import MailChoiceForm
from members.models import MailingList, Person, Subscription

_SALT = "members.mail.done"
_UNDO_WITHIN_SECONDS = 86_400


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sealed
def mail(request: HttpRequest, token: str) -> HttpResponse:
    """The mail choices of one person; a mail program's own unsubscribe button posts here too.

    Source: RFC 8058 §3.1: no cookie, no form token, no redirect for that one body.
    """
    person = queries.by_key(tokens.read(token, "mail"))
    if person is None:
        return render(request, "members/dead_link.html", {"forum_address": settings.MAIL_FROM}, status=404)
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
        actions.stop_everything(person, takes_entries_out=False, by=None)
        words = "Done. You get no more mail from the Forum’s lists.\n"
        return HttpResponse(words, content_type="text/plain; charset=utf-8")
    return _page(request, person)


@csrf_protect
def _page(request: HttpRequest, person: Person) -> HttpResponse:
    lists = queries.open_lists(person)
    form = MailChoiceForm(on_forum_list=any(one.slug == MailingList.FORUM for one in lists))
    if request.method == "POST":
        if "undo" in request.POST:
            return _undo(request, person)
        if "back" in request.POST:
            return _put_back(request, person)
        form = MailChoiceForm(request.POST, on_forum_list=form.on_forum_list)
        if form.is_valid():
            return _save(request, person, form)
    peace = queries.asked_for_peace(person)
    context = {
        "form": form,
        "person": person,
        "lists": [] if peace else lists,
        "may_come_back": (peace or not form.on_forum_list) and rules.may_come_back(person),
        "forum_address": settings.MAIL_FROM,
    }
    done = _done(request, person)
    if done and not ({one.pk for one in lists} & set(done["lists"])) and (peace or not done["everything"]):
        return render(request, "members/mail_saved.html", context | {"done": done, "form": None})
    return render(request, "members/mail.html", context)


def _save(request: HttpRequest, person: Person, form: MailChoiceForm) -> HttpResponse:
    take_out = form.cleaned_data["take_out"]
    everything = form.cleaned_data["stop"] == MailChoiceForm.STOP_EVERYTHING
    if everything:
        left = actions.stop_everything(person, takes_entries_out=take_out, by=person)
    else:
        forum = MailingList.objects.filter(slug=MailingList.FORUM)
        left = actions.unsubscribe(person, lists=forum, takes_entries_out=take_out, by=person)
    done = signing.dumps({"lists": left, "everything": everything, "take_out": take_out}, salt=_salt(person))
    return redirect(f"{request.path}?done={done}")


def _done(request: HttpRequest, person: Person) -> dict[str, Any] | None:
    """What this person has just saved, as the result page tells it; it can be opened again and changes nothing."""
    return _signed(request.GET.get("done", ""), person)


def _undo(request: HttpRequest, person: Person) -> HttpResponse:
    done = _signed(request.POST["undo"], person)
    if done is None:
        messages.error(request, "That was too long ago to undo. You can put yourself back on the list here.")
    elif _may(request, person):
        actions.resume_lists(person, lists=MailingList.objects.filter(pk__in=done["lists"]))
        messages.success(request, "Undone. You get what you got before.")
    return redirect(request.path)


def _put_back(request: HttpRequest, person: Person) -> HttpResponse:
    if _may(request, person):
        forum = MailingList.objects.get(slug=MailingList.FORUM)
        if Subscription.objects.filter(person=person, list=forum).exists():
            actions.resume_lists(person, lists=[forum])
        else:
            actions.subscribe(person, of_list=forum, by=person)
        messages.success(request, "You are back on the Forum’s list.")
    return redirect(request.path)


def _may(request: HttpRequest, person: Person) -> bool:
    may = rules.may_come_back(person)
    if not may:
        messages.error(
            request, "Only the Forum can put you back on the list. Write to us if you should be on it."
        )
    return may


def _salt(person: Person) -> str:
    return f"{_SALT}.{person.key}"


def _signed(text: str, person: Person) -> dict[str, Any] | None:
    try:
        done: dict[str, Any] = signing.loads(text, salt=_salt(person), max_age=_UNDO_WITHIN_SECONDS)
    except signing.BadSignature:
        return None
    return done
