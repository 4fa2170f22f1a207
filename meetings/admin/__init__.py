"""Meetings in Django's admin: one screen for each act, each saying who is concerned before anything happens."""

from meetings.admin.meeting import MeetingAdmin

__all__ = ["MeetingAdmin"]
