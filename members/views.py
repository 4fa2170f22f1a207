"""Mail choices behind a mailed link: opening changes nothing, a pressed button does."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from forum.kit import tokens
from members import actions, queries
from members.forms import MailChoiceForm
from members.models import MailingList, Person

_SALT = "members.mail.undo"


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest, token: str) -> HttpResponse:
    """The mail choices of one person; a mail program's own unsubscribe button posts here too.

    Source: RFC 8058 §3.1: no cookie, no form token, no redirect for that one body.
    """
    person = queries.by_key(tokens.read(token, "mail"))
    if person is None:
        raise Http404("This link is not one of ours")
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
        actions.stop_everything(person, takes_entries_out=False, by=None)
        return HttpResponse(
            "Done. You get no more mail from the Forum’s lists.\n", content_type="text/plain; charset=utf-8"
        )
    return _page(request, person, token)


@csrf_protect
def _page(request: HttpRequest, person: Person, token: str) -> HttpResponse:
    if request.method == "POST" and "undo" in request.POST:
        return _undo(request, person)
    form = MailChoiceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _save(request, person, form)
    context = {"form": form, "person": person, "lists": queries.open_lists(person), "token": token}
    return render(request, "members/mail.html", context)


def _save(request: HttpRequest, person: Person, form: MailChoiceForm) -> HttpResponse:
    take_out = form.cleaned_data["take_out"]
    everything = form.cleaned_data["stop"] == MailChoiceForm.STOP_EVERYTHING
    if everything:
        left = actions.stop_everything(person, takes_entries_out=take_out, by=person)
    else:
        left = actions.unsubscribe(
            person,
            lists=MailingList.objects.filter(slug=MailingList.FORUM),
            takes_entries_out=take_out,
            by=person,
        )
    undo = signing.dumps({"person": person.pk, "lists": left}, salt=_SALT) if left else ""
    context = {"person": person, "everything": everything, "take_out": take_out, "undo": undo, "left": left}
    return render(request, "members/mail_saved.html", context)


def _undo(request: HttpRequest, person: Person) -> HttpResponse:
    try:
        kept = signing.loads(request.POST["undo"], salt=_SALT, max_age=86_400)
    except signing.BadSignature:
        messages.error(request, "That was too long ago to undo. Write to the Forum and we put you back.")
        return redirect(request.path)
    if kept["person"] == person.pk:
        actions.resume_lists(person, lists=MailingList.objects.filter(pk__in=kept["lists"]))
        messages.success(request, "You are back on the list. Nothing has changed.")
    return redirect(request.path)
