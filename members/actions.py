"""Every write about people and their lists that somebody asks for."""

import uuid
from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction

from forum.audit import record as audit
from forum.kit import clock, tokens
from forum.kit.models import keep
from forum.outbox import post
from forum.outbox.letter import Recipient
from forum.outbox.models import Suppression
from members import letters
from members.models import MailingList, Office, Person, Subscription, Trust, TrustRole

ASKED, BOUNCED = "asked", "bounced"


@transaction.atomic
def add_person(
    *,
    email: str,
    name: str,
    job_title: str = "",
    trust: Trust | None = None,
    kind: str = TrustRole.Kind.COLLEAGUE,
    of_list: MailingList | None = None,
    basis: str = Subscription.Basis.ASKED,
    added_by: Person | None = None,
    by: Person | None,
) -> Person:
    """Adds someone, with a place at a trust and on a list if these are given.

    Errors: ValidationError when the address is here already, or asked not to be emailed.
    """
    person = Person.objects.build(email=email, name=name, job_title=job_title)
    keep(person, exclude=["password"])
    if trust:
        TrustRole.objects.create(person=person, trust=trust, kind=kind)
    audit.record("members.added", by=by.pk if by else None, about=f"person:{person.pk}")
    if of_list:
        subscribe(person, of_list=of_list, basis=basis, added_by=added_by, by=by)
    return person


@transaction.atomic
def change_address(person: Person, *, email: str, by: Person) -> bool:
    """Gives someone another address; False when it is theirs already.

    Effects: coming meetings leave the old mailbox's calendar and enter the new one's; an address whose mail came back
    gets none any more; who asked for no mail keeps their peace at the new address. Whoever has signed in before is
    told at the old address, and is signed out everywhere if somebody else did it.
    Errors: ValidationError when somebody else has the address, or asked for no mail there.
    """
    own = Person.objects.select_for_update().get(pk=person.pk)
    address = email.strip().lower()
    if own.email == address:
        return False
    left, old = own.address_key, own.email
    own.email, own.address_key = address, tokens.address_key(address)
    in_peace = Suppression.objects.filter(address_key=left, why=ASKED).exists()
    if not in_peace and Suppression.objects.filter(address_key=own.address_key, why=ASKED).exists():
        raise ValidationError(
            "Whoever has this address has asked not to be emailed there. Enter another one", code="peace"
        )
    if own.mail_paused_at:
        post.suppress(left, BOUNCED)
    elif in_peace:
        post.suppress(own.address_key, ASKED)
    if Suppression.objects.filter(address_key=own.address_key, why=BOUNCED).exists():
        post.unsuppress(own.address_key)  # somebody says that it works again
    own.mail_paused_at, own.mail_paused_why = None, ""
    keep(own, exclude=["password"])
    audit.record("members.readdressed", by=by.pk, about=f"person:{own.pk}")
    if own.last_login or own.office:
        tell_of_second_step(own, what="readdressed", address=old)
        if by.pk != own.pk:
            _sign_out_everywhere(own)
    return True


@transaction.atomic
def subscribe(
    person: Person,
    *,
    of_list: MailingList,
    basis: str = Subscription.Basis.ASKED,
    added_by: Person | None = None,
    by: Person | None,
) -> bool:
    """Puts someone on a list, or back on it; False when they are on it.

    Effects: invitations that are out reach them within a minute.
    Errors: ValidationError when they asked not to be emailed and somebody else puts them on.
    """
    suppressed = Suppression.objects.filter(address_key=person.address_key).first()
    if suppressed and suppressed.why == ASKED and (by is None or by.pk != person.pk):
        raise ValidationError(
            f"{person.name} has asked not to be emailed. Only they can change that.", code="peace"
        )
    row, made = Subscription.objects.select_for_update().get_or_create(
        person=person,
        list=of_list,
        defaults={"basis": basis, "added_by": added_by, "started_at": clock.now()},
    )
    if not made and row.ended_at is None:
        return False
    if not made:
        row.basis, row.added_by, row.started_at = basis, added_by, clock.now()
        row.ended_at, row.from_at, row.takes_entries_out = None, None, True
        row.save()
    if suppressed:
        post.unsuppress(person.address_key)
    audit.record(
        "members.subscribed",
        by=by.pk if by else None,
        about=f"person:{person.pk}",
        list=of_list.pk,
        basis=basis,
    )
    return True


@transaction.atomic
def unsubscribe(
    person: Person, *, lists: Iterable[MailingList], takes_entries_out: bool, by: Person | None
) -> list[int]:
    """Takes someone off lists; gives the ids of the lists they were on.

    Effects: what is queued for them ends at once; invitations of lists they stay on are posted anew within a minute.
    With `takes_entries_out` coming meetings leave their calendar within a minute, also for lists left before.
    """
    rows = Subscription.objects.select_for_update().filter(person=person, list__in=list(lists))
    left = []
    for row in rows:
        if row.ended_at is None:
            row.ended_at, row.takes_entries_out = clock.now(), takes_entries_out
            left.append(row.list_id)
        elif takes_entries_out:
            row.takes_entries_out = True
        row.save()
    if left:
        post.withdraw(now=clock.now(), person_id=person.pk)
        audit.record(
            "members.unsubscribed", by=by.pk if by else None, about=f"person:{person.pk}", lists=left
        )
    return left


@transaction.atomic
def stop_everything(person: Person, *, takes_entries_out: bool, by: Person | None) -> list[int]:
    """Ends all mail to someone at once; gives the ids of the lists they were on.

    Effects: what is queued for them is withdrawn, nothing follows; a CANCEL that was asked for still goes.
    """
    left = unsubscribe(person, lists=MailingList.objects.all(), takes_entries_out=takes_entries_out, by=by)
    post.suppress(person.address_key, ASKED)
    post.withdraw(now=clock.now(), person_id=person.pk)
    return left


@transaction.atomic
def resume_lists(person: Person, *, lists: Iterable[MailingList]) -> None:
    """Undoes an unsubscription by the person who made it: back on these lists on the old basis."""
    post.unsuppress(person.address_key)
    for row in Subscription.objects.select_for_update().filter(
        person=person, list__in=list(lists), ended_at__isnull=False
    ):
        row.ended_at, row.takes_entries_out, row.from_at = None, True, None
        row.save()
        audit.record("members.resumed", by=person.pk, about=f"person:{person.pk}", list=row.list_id)


@transaction.atomic
def resume_mail(person: Person, *, by: Person) -> bool:
    """Lifts the pause of an address that sent mail back; False when there is none."""
    lifted = Person.objects.filter(pk=person.pk, mail_paused_at__isnull=False).update(
        mail_paused_at=None, mail_paused_why=""
    )
    if lifted:
        audit.record("members.mail_resumed", by=by.pk, about=f"person:{person.pk}")
    return bool(lifted)


@transaction.atomic
def leave_trust(person: Person, *, by: Person) -> bool:
    """Ends someone's roles and all their lists; coming meetings leave their calendar. False when nothing was left.

    Effects: rights follow by query: they are a member no more; they are signed out everywhere, and the address of
    their calendar feed dies.
    Errors: ValidationError for who holds an office of the Forum.
    """
    now = clock.now()
    if Person.objects.select_for_update().get(pk=person.pk).office:
        raise ValidationError("Take their office away first: it lets them into the admin", code="office")
    ended = TrustRole.objects.filter(person=person, ended_at__isnull=True).update(ended_at=now)
    left = unsubscribe(person, lists=MailingList.objects.all(), takes_entries_out=True, by=by)
    if ended:
        audit.record("members.left_trust", by=by.pk, about=f"person:{person.pk}", roles=ended)
    if ended or left:
        Person.objects.filter(pk=person.pk).update(feed_key=uuid.uuid4())
        _sign_out_everywhere(person)
    return bool(ended or left)


@transaction.atomic
def rename_person(person: Person, *, name: str, job_title: str, by: Person) -> bool:
    """Corrects someone's name and job title; False when they stand like this already.

    Effects: letters from now on say it; nobody is mailed.
    """
    own = Person.objects.select_for_update().get(pk=person.pk)
    if (own.name, own.job_title) == (name, job_title):
        return False
    own.name, own.job_title = name, job_title
    keep(own, exclude=["password"])
    audit.record("members.renamed", by=by.pk, about=f"person:{own.pk}")
    return True


@transaction.atomic
def place_at_trust(person: Person, *, trust: Trust, kind: str, by: Person) -> bool:
    """Gives someone a place at a trust, or another kind of place there; False when they have it already."""
    role = (
        TrustRole.objects.select_for_update()
        .filter(person=person, trust=trust, ended_at__isnull=True)
        .first()
    )
    if role and role.kind == kind:
        return False
    role = role or TrustRole(person=person, trust=trust)
    role.kind = kind
    keep(role)
    audit.record("members.placed", by=by.pk, about=f"person:{person.pk}", trust=trust.pk, kind=kind)
    return True


@transaction.atomic
def keep_trust(trust: Trust, *, by: Person) -> Trust:
    """Saves what a chair wrote about a trust; a new one counts as joined."""
    new = trust.pk is None
    if new:
        trust.approved_at = clock.now()
    keep(trust)
    audit.record(
        "members.trust_added" if new else "members.trust_edited", by=by.pk, about=f"trust:{trust.pk}"
    )
    return trust


@transaction.atomic
def approve_trust(trust: Trust, *, by: Person) -> bool:
    """Lets a trust in; False when it has joined already.

    Effects: its people are members from now on.
    """
    joined = Trust.objects.filter(pk=trust.pk, approved_at__isnull=True).update(approved_at=clock.now())
    if joined:
        audit.record("members.trust_approved", by=by.pk, about=f"trust:{trust.pk}")
    return bool(joined)


@transaction.atomic
def renew_feed(person: Person, *, by: Person) -> None:
    """Gives someone's calendar feed a new secret address.

    Effects: the old address is dead at once.
    """
    Person.objects.filter(pk=person.pk).update(feed_key=uuid.uuid4())
    audit.record("members.feed_renewed", by=by.pk, about=f"person:{person.pk}")


# --- Signing in: offices, the second step, sessions -------------------------------------------------------------------


@transaction.atomic
def give_office(person: Person, *, office: str, by: Person | None) -> bool:
    """Gives someone an office of the Forum, or takes it away with an empty one; False when it stands like this.

    Effects: the rights of the office follow at once; who loses one is signed out everywhere; they are told by mail.
    Errors: ValidationError for one's own office, and for an office that there is not.
    """
    own = Person.objects.select_for_update().get(pk=person.pk)
    if office not in ("", *Office.values):
        raise ValidationError("Choose an office from the list")
    if by is not None and by.pk == own.pk:
        raise ValidationError("Another chair has to change your own office")
    if (own.office, own.is_staff) == (office, bool(office)):
        return False
    own.office, own.is_staff = office, bool(office)
    keep(own, exclude=["password"])
    if not office:
        _sign_out_everywhere(own)
    audit.record("members.office", by=by.pk if by else None, about=f"person:{own.pk}", office=office)
    tell_of_second_step(own, what="office_given" if office else "office_taken")
    return True


@transaction.atomic
def reset_second_step(person: Person, *, by: Person | None) -> bool:
    """Takes away someone's app, passkeys and recovery codes, because they lost them; False when there are none.

    Effects: they are signed out everywhere and told by mail; their next sign-in leads to setting up a new one.
    Errors: ValidationError for one's own.
    """
    if by is not None and by.pk == person.pk:
        raise ValidationError("Another chair has to do this for you")
    gone, _ = Authenticator.objects.filter(user=person).delete()
    if not gone:
        return False
    _sign_out_everywhere(person)
    audit.record("members.second_step_reset", by=by.pk if by else None, about=f"person:{person.pk}")
    tell_of_second_step(person, what="reset")
    return True


@transaction.atomic
def tell_of_second_step(person: Person, *, what: str, address: str = "") -> None:
    """Tells somebody by mail that their way of signing in has changed, whatever mail they have stopped.

    Shape: at their address, unless another is given.
    """
    event = uuid.uuid4()
    recipient = Recipient(
        key=f"security:{person.pk}:{event}",
        address=address or person.email,
        name=person.name,
        person_id=person.pk,
        slots={"first_name": person.first_name},
        passes_suppression=True,
    )
    post.post(letters.security(what), [recipient], now=clock.now())


@transaction.atomic
def end_sessions(person: Person, *, but: str, only: str | None, by: Person) -> int:
    """Signs someone out in one browser, or in all but one; in how many.

    Shape: `but` is the key of the session that stays, `only` the number of the one that ends.
    """
    rows = UserSession.objects.filter(user=person).exclude(session_key=but)
    if only is not None:
        rows = rows.filter(pk=int(only)) if only.isdecimal() and len(only) < 19 else rows.none()
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    if keys:
        audit.record("members.signed_out", by=by.pk, about=f"person:{person.pk}", sessions=len(keys))
    return len(keys)


def _sign_out_everywhere(person: Person) -> None:
    keys = UserSession.objects.filter(user=person).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()
    UserSession.objects.filter(user=person).delete()
    # Whatever session there may be besides: its seal holds the password's hash, which nobody can use but changes.
    own = Person.objects.get(pk=person.pk)
    own.set_unusable_password()
    Person.objects.filter(pk=person.pk).update(password=own.password)
