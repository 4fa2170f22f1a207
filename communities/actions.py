"""Every write about communities that somebody asks for."""

from django.db import transaction
from django.urls import reverse

from communities.models import Community
from forum.audit import record as audit
from forum.kit.models import keep
from members.models import MailingList, Person


@transaction.atomic
def keep_community(community: Community, *, by: Person) -> Community:
    """Saves what a chair wrote about a community; a new one gets its own mailing list.

    Errors: ValidationError when another community or list has the name in its address.
    """
    new = community.pk is None
    if new:
        own = MailingList(slug=f"community-{community.slug}"[:50])
    else:
        own = MailingList.objects.select_for_update().get(pk=community.list_id)
    own.label, own.home = community.name, reverse("communities:index")
    keep(own)
    community.list = own
    keep(community)
    verb = "communities.added" if new else "communities.edited"
    audit.record(verb, by=by.pk, about=f"community:{community.pk}")
    return community
