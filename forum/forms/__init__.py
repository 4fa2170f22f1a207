"""Forms the Forum's way: one drawing, plain words for every fault, one question a page; the door of its rooms."""

from forum.forms.flow import Flow, Step
from forum.forms.plain import PlainForm, RowChoiceField

__all__ = ["Flow", "PlainForm", "RowChoiceField", "Step"]
