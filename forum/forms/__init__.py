"""Forms the Forum's way: one drawing, plain words for every fault; the door of its rooms."""

from forum.forms.plain import PlainForm, RowChoiceField

__all__ = ["PlainForm", "RowChoiceField"]
