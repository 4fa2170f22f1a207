"""Acts about people: what they refuse, and whose peace they keep."""

import pytest
from django.core.exceptions import ValidationError

from forum.outbox.models import Suppression
from members import actions
from members.models import MailingList, Person

pytestmark = pytest.mark.django_db


def test_nobody_is_moved_to_an_address_that_asked_for_peace(
    tracy: Person, callum: Person, forum_list: MailingList
):
    """Peace asked for at one address and lifted at another still holds at the first; nothing happens silently."""
    first = callum.email
    actions.stop_everything(callum, takes_entries_out=True, by=None)
    actions.change_address(callum, email="callum@whinfell.example", by=tracy)
    callum.refresh_from_db()
    actions.subscribe(callum, of_list=forum_list, by=callum)
    with pytest.raises(ValidationError, match="asked not to be emailed there"):
        actions.change_address(callum, email=first, by=tracy)
    callum.refresh_from_db()
    assert callum.email == "callum@whinfell.example"
    assert not Suppression.objects.filter(address_key=callum.address_key).exists()


def test_peace_goes_along_to_a_new_address(tracy: Person, callum: Person):
    actions.stop_everything(callum, takes_entries_out=True, by=None)
    actions.change_address(callum, email="callum@whinfell.example", by=tracy)
    callum.refresh_from_db()
    assert Suppression.objects.filter(address_key=callum.address_key, why=actions.ASKED).exists()


def test_two_presses_in_one_instant_make_one_person_and_a_sentence(
    monkeypatch: pytest.MonkeyPatch, forum_list: MailingList
):
    """The second has looked before the first was kept; the database still says no."""
    actions.add_person(email="ada@trust.example", name="Ada Head", by=None)
    looks = iter([lambda *args, **kwargs: None, Person.full_clean])
    monkeypatch.setattr(Person, "full_clean", lambda *args, **kwargs: next(looks)(*args, **kwargs))
    with pytest.raises(ValidationError, match="here already"):
        actions.add_person(email="ada@trust.example", name="Ada Head", by=None)
    assert Person.objects.filter(email="ada@trust.example").count() == 1
