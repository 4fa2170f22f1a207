"""The letters about one meeting: one function each, rendered once for everybody, with slots for each person."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from forum.kit import links, tokens, wording
from forum.outbox.letter import Letter, Recipient, Urgency, clean, fill, fill_html, render, slot
from meetings import agenda, ics
from meetings.models import Answer, CalendarEntry, Invitation, Meeting
from meetings.queries import Content, EntryView, RecipientDetails, content_of
from members.models import MailingList, Person, Subscription

_PARTSTAT = {"": "NEEDS-ACTION", "yes": "ACCEPTED", "maybe": "TENTATIVE", "no": "DECLINED"}
_SAID = {"yes": "yes", "maybe": "maybe", "no": "no"}
_ONE_CLICK = "List-Unsubscribe=One-Click"


def invitation(view: EntryView, *, again: datetime | None = None) -> Letter:
    """«You are invited»: a REQUEST.

    Shape: `again` is the moment of posting when the entry may have been in this mailbox before.
    """
    return compose(view, "invitation", method="REQUEST", content=view.content, revised_at=again)


def change(view: EntryView, *, was: Content) -> Letter:
    """«Changed»: a REQUEST that names what is in people's calendars now and what it becomes."""
    extra: dict[str, Any] = {
        "was": was,
        "was_line": _line(was),
        "time_changed": was.time != view.content.time,
        "link_changed": was.link != view.content.link,
        "link_is_first": not was.join_url and bool(view.content.join_url),
        "place_changed": was.place != view.content.place,
    }
    return compose(view, "change", method="REQUEST", content=view.content, **extra)


def cancellation(view: EntryView, *, was: Content) -> Letter:
    """«Cancelled»: a CANCEL for everyone, with the reason and the next date."""
    return compose(view, "cancellation", method="CANCEL", content=was, was_line=_line(was), **_next(view))


def withdrawal(view: EntryView, *, was: Content, at: datetime, to_other_address: bool = False) -> Letter:
    """A CANCEL to one person: they left the list, or the invitation now goes to their other address."""
    extra: dict[str, Any] = {"was_line": _line(was), "to_other_address": to_other_address}
    return compose(view, "withdrawal", method="CANCEL", content=was, revised_at=at, **extra)


def test(view: EntryView, *, nonce: str) -> Letter:
    """The invitation as people will see it, for the chair alone; its entry has a UID of its own."""
    letter = compose(
        view, "invitation", method="REQUEST", content=view.content, uid=f"test-{nonce}@{settings.MAIL_DOMAIN}"
    )
    return replace(letter, kind="test", subject=f"[Test] {letter.subject}")


def notice(view: EntryView, *, was: Content) -> Letter:
    """A plain message to the list that a date not yet invited to has moved or is off."""
    extra: dict[str, Any] = {"was": was, "was_line": _line(was), "time_changed": True} | _next(view)
    return compose(view, "notice", method="", content=view.content, urgency=Urgency.BULK, **extra)


def link_missing(view: EntryView) -> Letter:
    """To the chairs: the invitation goes out without a joining link."""
    path = links.absolute(reverse("admin:meetings_meeting_link", args=[view.meeting.pk]))
    return compose(view, "link_missing", method="", content=view.content, with_list=False, link_path=path)


def compose(
    view: EntryView,
    kind: str,
    *,
    method: str,
    content: Content,
    urgency: Urgency = Urgency.MUST_ARRIVE,
    revised_at: datetime | None = None,
    uid: str = "",
    with_list: bool = True,
    **extra: Any,
) -> Letter:
    """A letter about one meeting from its template triple, with the calendar part that its method asks for."""
    meeting = view.meeting
    context = {
        "meeting": meeting,
        "content": content,
        "label": meeting.list.label,
        "is_forum": meeting.list.slug == MailingList.FORUM,
        "place": view.place,
        "page_url": links.absolute(meeting.get_absolute_url()),
        "now_date": wording.long_date(content.starts_at),
        "hours": hours(content),
        "button": f"Joining link for {wording.day_number_month(content.starts_at)}",
        "agenda": agenda.rows(content.agenda),
        "with_list": with_list,
        "forum_name": settings.SITE_NAME,
        "forum_address": settings.MAIL_FROM,
        "to": {
            name: slot(name)
            for name in ("first_name", "answer_url", "calendar_url", "mail_url", "why", "said")
        },
    } | extra
    subject, text, html = render(f"meetings/mail/{kind}", context)
    text = text.replace(wording.NBSP, " ")
    calendar = ""
    if method:
        entry = _entry(view, content, method, revised_at=revised_at, uid=uid)
        calendar = ics.request(entry) if method == "REQUEST" else ics.cancel(entry)
    return Letter(
        kind=kind,
        urgency=urgency,
        subject=subject,
        text=text,
        html=html,
        calendar=calendar,
        method=method,
        headers=unsubscribe() if with_list else {},
        cause=f"entry:{view.entry.pk}:{view.entry.revision}",
    )


def _line(content: Content) -> str:
    """«Thursday 6 November 2025, 10:00am to 11:30am»."""
    return f"{wording.long_date(content.starts_at)}, {wording.time_range(*content.time)}"


def hours(content: Content | Meeting) -> str:
    """«10:00am to 11:30am London time, online (Zoom)»."""
    place = f"o{content.place[1:]}" if content.place.startswith("Online") else content.place
    return f"{wording.time_range(*content.time)} London time, {place}"


def _next(view: EntryView) -> dict[str, Any]:
    """The next date after a cancelled one, as letters say it."""
    later = view.following
    if later is None:
        return {"following": None}
    return {"following": later, "next_date": wording.long_date(later.starts_at), "next_hours": hours(later)}


def unsubscribe() -> dict[str, str]:
    """The mail program's own way to stop: one press, or a mail to the mailbox that somebody reads.

    Source: RFC 2369 3.2, RFC 8058 3.1.
    """
    by_mail = f"mailto:{settings.MAIL_FROM}?subject=unsubscribe"
    return {
        "List-Unsubscribe": f"<{slot('mail_url')}>, <{by_mail}>",
        "List-Unsubscribe-Post": _ONE_CLICK,
    }


def _entry(
    view: EntryView, content: Content, method: str, *, revised_at: datetime | None = None, uid: str = ""
) -> ics.Entry:
    """The calendar entry as one person gets it, with the joining link and slots for their answer page."""
    return ics.Entry(
        uid=uid or view.entry.uid,
        sequence=view.entry.sequence,
        revised_at=revised_at or view.entry.revised_at,
        created_at=view.entry.created_at,
        modified_at=max(view.meeting.edited_at, view.entry.revised_at),
        starts_at=content.starts_at,
        ends_at=content.ends_at,
        summary=summary(view.meeting, content),
        description=_description(view, content, method),
        location=content.place,
        url=links.absolute(view.meeting.get_absolute_url()),
        join_url=content.join_url,
        cancelled=False,
        organiser_name=settings.MAIL_FROM_NAME,
        organiser_address=settings.MAIL_FROM,
    )


def summary(meeting: Meeting, content: Content) -> str:
    """What the entry is called in a calendar."""
    name = settings.SITE_NAME if meeting.list.slug == MailingList.FORUM else meeting.list.label
    return clean(f"{name}: {content.theme}" if content.theme else name)


def _description(view: EntryView, content: Content, method: str) -> str:
    if method == "CANCEL":
        return clean(
            view.meeting.cancel_reason
            or f"{wording.long_date(content.starts_at)} is no longer in your calendar"
        )
    lines = [f"{wording.long_date(content.starts_at)}, {wording.time_range(*content.time)}, London time", ""]
    if content.join_url:
        lines.append(f"Join: {content.join_url}")
        if content.join_id:
            lines.append(f"Meeting ID: {content.join_id}")
        if content.passcode:
            lines.append(f"Passcode: {content.passcode}")
    else:
        lines.append("The joining link will follow.")
    if content.theme:
        lines += ["", content.theme]
    lines += [f"{row.time} {row.words}".strip() for row in agenda.rows(content.agenda)]
    page = links.absolute(view.meeting.get_absolute_url())
    return clean("\n".join([*lines, "", "Can you come? Answer in your calendar, or here:"])) + (
        f"\n{slot('answer_url', 'text')}\n\nThis meeting on our site: {page}"
    )


def public_entry(
    entry: CalendarEntry, meeting: Meeting, *, sequence: int | None = None, with_link: bool = False
) -> ics.Entry:
    """A calendar entry for a file or a feed; the joining link only where the reader was invited."""
    page = links.absolute(meeting.get_absolute_url())
    day = f"{wording.long_date(meeting.starts_at)}, {wording.time_range(*meeting.time)}, London time"
    words = [day, meeting.theme, f"Join: {meeting.join_url}" if with_link and meeting.join_url else "", page]
    return ics.Entry(
        uid=entry.uid,
        sequence=entry.sequence if sequence is None else sequence,
        revised_at=max(entry.revised_at, meeting.edited_at),
        created_at=entry.created_at,
        modified_at=max(meeting.edited_at, entry.revised_at),
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        summary=summary(meeting, content_of(meeting)),
        description=clean("\n".join(word for word in words if word)),
        location=meeting.place,
        url=page,
        join_url=meeting.join_url if with_link else "",
        cancelled=entry.ended_at is not None,
        organiser_name=settings.MAIL_FROM_NAME,
        organiser_address=settings.MAIL_FROM,
    )


# --- What each person's copy says -------------------------------------------------------------------------------------


def slots(view: EntryView, row: Invitation, details: RecipientDetails, edition: int | None) -> dict[str, str]:
    """The values of one person's slots.

    Shape: `edition` is the revision in their hands, when the letter names it.
    """
    token = tokens.make(row.key, "answer")
    return person_slots(details.person, details.subscription, details.trust) | {
        "answer_url": links.absolute(reverse("meetings:answer", kwargs={"token": token})),
        "calendar_url": links.absolute(reverse("meetings:answer-file", kwargs={"token": token})),
        "sequence": str(row.sequence),
        "partstat": _PARTSTAT[details.choice],
        "said": _said(details, view.revisions.get(edition) if edition else None),
    }


def person_slots(person: Person, subscription: Subscription | None, trust: str) -> dict[str, str]:
    """The values that every letter to a person on a list has."""
    return {
        "to_name": clean(person.name),
        "first_name": clean(person.first_name),
        "mail_url": links.absolute(
            reverse("members:mail", kwargs={"token": tokens.make(person.key, "mail")})
        ),
        "why": clean(_why(subscription, trust)),
    }


def notice_to(subscription: Subscription, *, key: str, about: str) -> Recipient:
    """One person's copy of a notice."""
    person = subscription.person
    return Recipient(
        key=key,
        address=person.email,
        name=person.name,
        person_id=person.pk,
        slots=person_slots(person, subscription, ""),
        about=about,
    )


def test_slots(person: Person) -> dict[str, str]:
    """The values of a chair's test: its links lead to the public pages, so that no answer is counted."""
    return person_slots(person, None, "") | {
        "answer_url": links.absolute(reverse("meetings:year-now")),
        "calendar_url": links.absolute(reverse("meetings:year-now")),
        "sequence": "0",
        "partstat": "NEEDS-ACTION",
        "said": "",
    }


def _said(details: RecipientDetails, was: Content | None) -> str:
    if details.choice:
        return f"You have said {_SAID[details.choice]}. You need not answer again."
    if details.choice_before and was is not None:
        return f"You said {_SAID[details.choice_before]} to {wording.weekday(was.starts_at)}. We need a new answer."
    return ""


def _why(subscription: Subscription | None, trust: str) -> str:
    if subscription is None:
        return "You get this because you asked for a test."
    day = wording.long_day(subscription.started_at)
    if subscription.basis == Subscription.Basis.ADDED_BY_LEAD and subscription.added_by:
        whose = f"the {trust} list" if trust else "the list"
        return f"You get this because {subscription.added_by.name} put you on {whose} on {day}."
    if subscription.basis == Subscription.Basis.OFFICE:
        return "You get this because you hold an office of the Forum."
    if subscription.basis == Subscription.Basis.IMPORTED:
        return f"You get this because you have been on the Forum’s mailing list since {day}."
    return f"You get this because you asked to be on the Forum’s mailing list on {day}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A letter as one person would read it."""

    subject: str
    text: str
    html: str


def preview(letter: Letter, to: Person) -> Preview:
    """The letter with one person's slots filled; its links lead nowhere that counts."""
    values = test_slots(to)
    return Preview(
        subject=fill(letter.subject, values),
        text=fill(letter.text, values),
        html=fill_html(letter.html, values),
    )


def choice_words(choice: str) -> str:
    """«yes», «maybe» or «no»."""
    return _SAID[Answer.Choice(choice).value]
