"""People, trusts and lists in Django's admin: what matters changes on screens of their own, through actions."""

from members.admin.people import PersonAdmin
from members.admin.trusts import MailingListAdmin, SubscriptionAdmin, TrustAdmin, TrustRoleAdmin

__all__ = ["MailingListAdmin", "PersonAdmin", "SubscriptionAdmin", "TrustAdmin", "TrustRoleAdmin"]
