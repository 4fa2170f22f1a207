"""Signing in as tests do."""

import re

from django.core import mail
from django.test import Client

from members.models import Person


def by_code(who: Person, client: Client | None = None, then: str = "/admin/") -> Client:
    """A browser in which somebody has signed in with the code from their mail."""
    client = client or Client()
    client.post("/sign-in/", {"email": who.email, "next": then})
    code = re.search(r"\d{3} \d{3}", mail.outbox[-1].subject)
    assert code
    client.post("/sign-in/code/", {"code": code[0], "next": then})
    return client
