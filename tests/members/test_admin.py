"""People, trusts and lists in the admin: who may, what each press does, and nothing past an action."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from communities.models import Community
from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox import post
from forum.outbox.models import Message
from meetings import invitations
from members import queries
from members.models import MailingList, Person, Subscription, Trust, TrustRole
from publications.models import Guide
from tests import make
from tests.pages import NOT_INLINE, rows_of, text_of

pytestmark = pytest.mark.django_db

type SignIn = Callable[[Person], Client]

SCREENS = ("change", "details", "address", "place", "list", "left")
TABLES = (Person, Trust, TrustRole, Subscription, MailingList, Message, AuditEntry)


def url(screen: str, person: Person | int) -> str:
    return reverse(f"admin:members_person_{screen}", args=[getattr(person, "pk", person)])


def rows() -> dict[str, list[object]]:
    return rows_of(*TABLES)


@pytest.fixture
def chair(tracy: Person, as_person: SignIn) -> Client:
    """The chair's browser."""
    return as_person(tracy)


@pytest.fixture
def holds(priya: Person, callum: Person) -> None:
    """Everyone on the list holds one coming meeting."""
    meeting = make.meeting(invite_at=clock.now() - timedelta(days=4), join_url="https://zoom.example/j/1")
    meeting.entries.update(settles_at=None, before=None, act="")
    invitations.reconcile(clock.now())
    Message.objects.update(state="sent", handed_at=clock.real(), sent_at=clock.real())


# --- Who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", [*SCREENS, "resume"])
def test_the_doors(screen, visitor, priya, callum, tracy, sam, as_person):
    method = "post" if screen == "resume" else "get"
    assert getattr(visitor, method)(url(screen, callum)).status_code == 302
    assert getattr(as_person(priya), method)(url(screen, callum)).status_code == 403
    for who in (tracy, sam):
        answered = getattr(as_person(who), method)(url(screen, callum))
        assert answered.status_code == (302 if method == "post" else 200)
        assert getattr(as_person(who), method)(url(screen, 987)).status_code == 404


def test_wrong_methods(chair, callum):
    assert chair.get(url("resume", callum)).status_code == 405
    assert chair.post(url("change", callum), {"name": "Mine"}).status_code == 405
    assert chair.put(url("details", callum)).status_code == 405
    assert chair.put(reverse("admin:members_person_add")).status_code == 405


@pytest.mark.parametrize("table", ["person", "trust", "trustrole", "mailinglist", "subscription"])
def test_nothing_is_deleted(table, chair, callum, whinfell):
    row = {"person": callum.pk, "trust": whinfell.pk, "mailinglist": MailingList.objects.get().pk}.get(
        table, {"trustrole": TrustRole, "subscription": Subscription}.get(table, Person).objects.last().pk
    )
    before = rows()
    assert chair.get(reverse(f"admin:members_{table}_changelist")).status_code == 200
    assert (
        chair.post(reverse(f"admin:members_{table}_delete", args=[row]), {"post": "yes"}).status_code == 403
    )
    assert rows() == before


@pytest.mark.parametrize("table", ["trustrole", "mailinglist", "subscription"])
def test_lists_and_places_are_read_only(table, chair, callum):
    row = {"trustrole": TrustRole, "mailinglist": MailingList, "subscription": Subscription}[
        table
    ].objects.last()
    address = reverse(f"admin:members_{table}_change", args=[row.pk])
    before = rows()
    assert chair.get(address).status_code == 200
    assert chair.post(address, {"ended_at_0": "2025-10-20"}).status_code == 403
    assert chair.get(reverse(f"admin:members_{table}_add")).status_code == 403
    assert rows() == before


def test_reading_changes_no_row_and_holds_no_inline_script(chair, callum, holds, whinfell):
    before = rows()
    addresses = [url(screen, callum) for screen in SCREENS]
    addresses += [
        reverse(f"admin:members_{table}_changelist") for table in ("person", "trust", "subscription")
    ]
    addresses += [
        reverse("admin:members_person_add"),
        reverse("admin:members_trust_change", args=[whinfell.pk]),
    ]
    for address in addresses:
        page = chair.get(address).content.decode()
        assert not NOT_INLINE.search(page), address
    assert rows() == before


def test_nobody_gives_an_office_here(chair, callum):
    data = {"name": "Callum Renwick", "job_title": "Chair", "office": "chair", "is_staff": "on"}
    chair.post(url("details", callum), data)
    callum.refresh_from_db()
    assert (callum.job_title, callum.office, callum.is_staff) == ("Chair", "", False)


# --- The list -------------------------------------------------------------------------------------------------------


def test_people_are_found(chair, priya, callum, nadia, grace):
    base = reverse("admin:members_person_changelist")
    assert "Callum Renwick" in text_of(chair.get(base, {"q": "renwick"}))
    assert "Callum Renwick" in text_of(chair.get(base, {"q": "callum.renwick@whinfell"}))
    Person.objects.filter(pk=callum.pk).update(mail_paused_at=clock.now())
    post.suppress(nadia.address_key, "asked")
    Subscription.objects.filter(person=grace).update(ended_at=clock.now())
    for query, names in (
        ({"mail": "paused"}, {"Callum"}),
        ({"mail": "peace"}, {"Nadia"}),
        ({"mail": "none"}, {"Callum", "Nadia"}),
        ({"list": "off"}, {"Grace"}),
        ({"list": "on", "mail": "none"}, {"Callum", "Nadia"}),
        ({"office__exact": "chair"}, {"Tracy"}),
    ):
        page = text_of(chair.get(base, query)).partition("Filter")[0] + text_of(chair.get(base, query))
        found = {name for name in ("Callum", "Nadia", "Grace", "Priya") if name in page}
        assert found == names - {"Tracy"}, query


def test_the_list_needs_as_many_queries_for_many(chair, priya, callum, django_assert_max_num_queries):
    base = reverse("admin:members_person_changelist")
    with django_assert_max_num_queries(20) as few:
        chair.get(base)
    for _ in range(30):
        make.role(make.subscribed(), make.trust())
    with django_assert_max_num_queries(len(few.captured_queries)):
        chair.get(base)
    trusts = reverse("admin:members_trust_changelist")
    with django_assert_max_num_queries(20):
        chair.get(trusts)


# --- One person -----------------------------------------------------------------------------------------------------


def test_what_we_hold_about_one_person(chair, callum, holds):
    page = text_of(chair.get(url("change", callum)))
    assert "Whinfell Learning Trust (Colleague)" in page
    assert "On it since 20 October 2025, put on it by Priya Raman" in page
    assert "1 in their calendar" in page


def test_adding_a_person(chair, tracy, whinfell, holds):
    data = {
        "name": "Ewan  Sutherland",
        "email": "Ewan.Sutherland@Whinfell.example",
        "job_title": "Head",
        "trust": whinfell.pk,
        "kind": "lead",
        "on_list": "on",
    }
    done = chair.post(reverse("admin:members_person_add"), data, follow=True)
    assert "Ewan Sutherland is added." in text_of(done)
    ewan = Person.objects.get(email="ewan.sutherland@whinfell.example")
    assert (ewan.name, ewan.job_title, ewan.office, ewan.is_staff) == ("Ewan Sutherland", "Head", "", False)
    assert ewan.roles.get().kind == "lead"
    row = ewan.subscriptions.get()
    assert (row.list.slug, row.added_by) == ("forum", tracy)
    assert set(AuditEntry.objects.filter(about=f"person:{ewan.pk}").values_list("verb", "by_id")) == {
        ("members.added", tracy.pk),
        ("members.subscribed", tracy.pk),
    }
    assert invitations.reconcile(clock.now()).invited == 1
    again = chair.post(reverse("admin:members_person_add"), data)
    assert "Somebody with this address is here already: look them up instead" in text_of(again)
    assert 'value="Head"' in again.content.decode()
    assert Person.objects.filter(name="Ewan Sutherland").count() == 1


def test_whoever_asked_for_peace_is_not_added_to_the_list(chair, whinfell, forum_list):
    ghost = Person.objects.build(email="gone@whinfell.example", name="Gone")
    post.suppress(ghost.address_key, "asked")
    data = {"name": "Gone", "email": ghost.email, "trust": whinfell.pk, "kind": "colleague", "on_list": "on"}
    page = text_of(chair.post(reverse("admin:members_person_add"), data))
    assert "Gone has asked not to be emailed. Only they can change that." in page
    assert not Person.objects.filter(email=ghost.email).exists()


def test_nothing_typed(chair):
    page = text_of(chair.post(reverse("admin:members_person_add"), {}))
    assert "There is a problem" in page
    for words in (
        "Enter the name",
        "Enter the email address",
        "Choose the trust",
        "Choose what they are there",
    ):
        assert words in page


def test_another_name(chair, tracy, callum):
    done = chair.post(url("details", callum), {"name": "Callum Renwick-Hall", "job_title": ""}, follow=True)
    assert "Saved." in text_of(done)
    callum.refresh_from_db()
    assert callum.name == "Callum Renwick-Hall"
    assert AuditEntry.objects.get(verb="members.renamed").by_id == tracy.pk
    again = chair.post(url("details", callum), {"name": "Callum Renwick-Hall", "job_title": ""}, follow=True)
    assert "Nothing was changed" in text_of(again)
    assert AuditEntry.objects.filter(verb="members.renamed").count() == 1


def test_another_address_says_what_happens_to_calendars(chair, callum, priya, holds):
    page = text_of(chair.get(url("address", callum)))
    assert "1 coming meeting leaves the calendar of the old mailbox, and the new one is invited" in page
    taken = text_of(chair.post(url("address", callum), {"email": "PRIYA.RAMAN@whinfell.example"}))
    assert "Somebody else has this address" in taken
    chair.post(url("address", callum), {"email": "c.renwick@whinfell.example"})
    callum.refresh_from_db()
    assert callum.email == "c.renwick@whinfell.example"
    assert invitations.reconcile(clock.now()).invited == 1
    queued = Message.objects.filter(person_id=callum.pk, state="queued").order_by("id")
    assert set(queued.values_list("mailing__method", "to_address")) == {
        ("CANCEL", "callum.renwick@whinfell.example"),
        ("REQUEST", "c.renwick@whinfell.example"),
    }


def test_off_the_list_and_on_again(chair, tracy, callum, holds):
    page = chair.get(url("list", callum))
    assert "Take Callum Renwick off the Forum’s list?" in text_of(page)
    assert "1 coming meeting is in their calendar" in text_of(page)
    assert re.search(r'name="take_out"[^>]*checked', page.content.decode())
    chair.post(url("list", callum), {"act": "off", "take_out": "on"})
    row = callum.subscriptions.get()
    assert row.ended_at and row.takes_entries_out
    assert invitations.reconcile(clock.now()).withdrawn == 1
    assert "Nothing was changed" in text_of(chair.post(url("list", callum), {"act": "off"}, follow=True))
    assert callum.subscriptions.get().ended_at
    assert "Put Callum Renwick on the Forum’s list?" in text_of(chair.get(url("list", callum)))
    chair.post(url("list", callum), {"act": "on"})
    assert callum.subscriptions.get().ended_at is None
    assert callum.subscriptions.get().added_by == tracy
    assert invitations.reconcile(clock.now()).invited == 1


def test_peace_is_kept(chair, callum):
    post.suppress(callum.address_key, "asked")
    Subscription.objects.filter(person=callum).update(ended_at=clock.now())
    page = text_of(chair.get(url("list", callum)))
    assert "They have asked not to be emailed. Only they can change that" in page
    assert "Put them on the list" not in page
    refused = chair.post(url("list", callum), {"act": "on"}, follow=True)
    assert "has asked not to be emailed" in text_of(refused)
    assert callum.subscriptions.get().ended_at


def test_has_left(chair, tracy, callum, holds):
    page = text_of(chair.get(url("left", callum)))
    assert "Their place at Whinfell Learning Trust ends" in page
    assert "1 coming meeting leaves their calendar, with one message each" in page
    chair.post(url("left", callum), {"act": "left"})
    assert queries.standing(callum, clock.now()).roles == []
    assert AuditEntry.objects.get(verb="members.left_trust").by_id == tracy.pk
    assert invitations.reconcile(clock.now()).withdrawn == 1
    assert "Nothing was changed" in text_of(chair.post(url("left", callum), {"act": "left"}, follow=True))


def test_let_mail_go_again(chair, callum):
    Person.objects.filter(pk=callum.pk).update(mail_paused_at=clock.now(), mail_paused_why="No such user")
    page = text_of(chair.get(url("change", callum)))
    assert "No mail goes to callum.renwick@whinfell.example since 20 October 2025. No such user" in page
    assert "Mail goes there again." in text_of(chair.post(url("resume", callum), follow=True))
    callum.refresh_from_db()
    assert callum.mail_paused_at is None
    assert AuditEntry.objects.filter(verb="members.mail_resumed").count() == 1


def test_a_lead_for_a_trust(chair, callum, whinfell, fenwright):
    chair.post(url("place", callum), {"trust": whinfell.pk, "kind": "lead"})
    assert callum.roles.get().kind == "lead"
    chair.post(url("place", callum), {"trust": fenwright.pk, "kind": "colleague"})
    assert callum.roles.count() == 2
    bad = chair.post(url("place", callum), {"trust": "987", "kind": "lead"})
    assert "Choose a trust from the list" in text_of(bad)


# --- Trusts, communities, guides ------------------------------------------------------------------------------------


def test_trusts_without_a_lead(chair, whinfell, fenwright, priya):
    page = text_of(chair.get(reverse("admin:members_trust_changelist"), {"lead": "none"}))
    assert "Fenwright" in page and "Whinfell" not in page


def test_a_trust_is_added_corrected_and_let_in(chair, tracy):
    data = {"name": "Marram Coast Trust", "region": "East of England", "on_register": "on"}
    chair.post(reverse("admin:members_trust_add"), data)
    trust = Trust.objects.get(name="Marram Coast Trust")
    assert trust.approved_at is not None
    change = reverse("admin:members_trust_change", args=[trust.pk])
    chair.post(change, data | {"schools": "12", "approved_at_0": "2020-01-01"})
    trust.refresh_from_db()
    assert trust.schools == 12 and trust.approved_at.year == 2025
    Trust.objects.filter(pk=trust.pk).update(approved_at=None)
    assert "Let this trust in" in text_of(chair.get(change))
    approve = reverse("admin:members_trust_approve", args=[trust.pk])
    assert chair.get(approve).status_code == 405
    assert "has joined" in text_of(chair.post(approve, follow=True))
    assert "had joined already" in text_of(chair.post(approve, follow=True))
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", "by_id"))
    assert verbs == [(f"members.trust_{what}", tracy.pk) for what in ("added", "edited", "approved")]


def test_a_trust_door_is_for_chairs(priya, whinfell, as_person):
    assert (
        as_person(priya).post(reverse("admin:members_trust_approve", args=[whinfell.pk])).status_code == 403
    )
    assert as_person(priya).get(reverse("admin:members_trust_add")).status_code == 403


def test_a_community_is_made_with_its_list(chair, tracy):
    data = {
        "name": "Growing expertise",
        "slug": "growing-expertise",
        "question": "How do we?",
        "domain": "",
        "state": "open",
        "colour": "plum",
    }
    chair.post(reverse("admin:communities_community_add"), data)
    community = Community.objects.select_related("list").get()
    assert (community.list.label, community.list.slug) == ("Growing expertise", "community-growing-expertise")
    change = reverse("admin:communities_community_change", args=[community.pk])
    chair.post(change, data | {"name": "Growing expertise from within"})
    assert MailingList.objects.get(pk=community.list_id).label == "Growing expertise from within"
    assert (
        chair.post(
            reverse("admin:communities_community_delete", args=[community.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == [
        *("communities.added", "communities.edited")
    ]


def test_a_guide_is_added_and_not_deleted(chair, priya, as_person):
    data = {
        "title": "Subject leadership",
        "slug": "subject-leadership",
        "series": "",
        "summary": "",
        "due": "",
    }
    chair.post(reverse("admin:publications_guide_add"), data)
    guide = Guide.objects.get()
    assert guide.published_on is None
    delete = reverse("admin:publications_guide_delete", args=[guide.pk])
    assert chair.post(delete, {"post": "yes"}).status_code == 403
    assert as_person(priya).get(reverse("admin:publications_guide_changelist")).status_code == 403
