"""Letters without a calendar part: the reminder, and the welcome with the year's dates."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from forum.kit import links, tokens, wording
from forum.outbox.letter import Letter, Recipient, Urgency, render, slot
from meetings.letters.calendar import compose, hours, person_slots, unsubscribe
from meetings.models import Meeting
from meetings.queries import EntryView
from members.models import Subscription


def reminder(view: EntryView) -> Letter:
    """«Reminder»: a plain message, the joining link first; what stands in calendars stays as it is.

    Shape: bulk, so that nobody is ever reminded twice: the entry in the calendar holds the link as well.
    """
    return compose(view, "reminder", method="", content=view.content, urgency=Urgency.BULK)


def welcome(meetings: Iterable[Meeting], *, year: int | None) -> Letter:
    """«Welcome»: the dates to come, the whole year for the calendar, and what a mail filter may need to be told.

    Shape: `year` is the school year whose file is offered, if there is one.
    """
    context = {
        "dates": [{"day": wording.long_date(one.starts_at), "hours": hours(one)} for one in meetings],
        "year_words": wording.school_year(year) if year is not None else "",
        "file_url": links.absolute(reverse("meetings:dates-file", args=[year])) if year is not None else "",
        "meetings_url": links.absolute(reverse("meetings:year-now")),
        "communities_url": links.absolute("/communities/"),
        "it_url": links.absolute(reverse("meetings:for-it")),
        "forum_name": settings.SITE_NAME,
        "forum_address": settings.MAIL_FROM,
        "to": {name: slot(name) for name in ("first_name", "feed_url", "mail_url", "why")},
    }
    subject, text, html = render("meetings/mail/welcome", context)
    return Letter(
        kind="welcome",
        urgency=Urgency.MUST_ARRIVE,
        subject=subject,
        text=text.replace(wording.NBSP, " "),
        html=html,
        headers=unsubscribe(),
        cause="list:forum",
    )


def welcome_to(subscription: Subscription, trust: str) -> Recipient:
    """One person's copy of the welcome, with the secret address of their own calendar feed."""
    person = subscription.person
    opened = int(subscription.started_at.timestamp())
    feed = reverse("meetings:feed-page", args=[tokens.make(person.feed_key, "feed")])
    return Recipient(
        key=f"welcome:{subscription.pk}:{opened}",
        address=person.email,
        name=person.name,
        person_id=person.pk,
        slots=person_slots(person, subscription, trust) | {"feed_url": links.absolute(feed)},
        about=f"person:{person.pk}",
    )
