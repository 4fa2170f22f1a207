"""Every write about meetings that a person asks for."""

from meetings.actions.answering import give_answer
from meetings.actions.schedule import (
    PlannedMeeting,
    cancel_meeting,
    change_link,
    edit_words,
    move_meeting,
    put_back,
    set_up_year,
    undo,
)
from meetings.actions.sending import plan_invitations, send_now, send_test, try_again

__all__ = [
    "PlannedMeeting",
    "cancel_meeting",
    "change_link",
    "edit_words",
    "give_answer",
    "move_meeting",
    "plan_invitations",
    "put_back",
    "send_now",
    "send_test",
    "set_up_year",
    "try_again",
    "undo",
]
