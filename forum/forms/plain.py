"""What every form of the Forum has: one drawing by crispy, and words of ours for every fault.

The drawing is templates/bootstrap5: the field, its hint and error, and the summary at the top of the page.
"""

from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, LayoutObject
from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.forms.utils import pretty_name

from forum.kit import characters

OPTIONAL = "(optional)"

_CHOOSE = "Choose one from the list"
_SAY = {
    "required": "Answer this",
    "invalid": "Check this: it cannot be read as it stands",
    "max_length": "Shorten this to %(limit_value)d characters",
    "min_length": "Make this longer: at least %(limit_value)d characters",
    "max_value": "Enter %(limit_value)s or less",
    "min_value": "Enter %(limit_value)s or more",
    "step_size": "Enter a multiple of %(limit_value)s",
    "incomplete": "Fill in all of this",
    "invalid_choice": _CHOOSE,
    "invalid_list": _CHOOSE,
    "invalid_pk_value": _CHOOSE,
    "null_characters_not_allowed": characters.UNSEEN,
}
_SAY_INVALID: dict[type[forms.Field], str] = {
    forms.EmailField: "Enter an email address in the usual form, like name@trust.org.uk",
    forms.IntegerField: "Enter a number in figures, like 17",
    forms.URLField: "Paste the whole link; it begins with https://",
}


class PlainForm(forms.Form):
    """A form that browsers neither check nor cut, and that never says one of Django's own sentences.

    Shape: `layout` is what crispy draws, in order; without one it draws every field. A field that may stay empty is
    marked "(optional)", unless it is a box to tick, is hidden or shut, or offers an empty answer of its own.
    Errors: ImproperlyConfigured for a field that must be filled and has no words of its own for being empty.
    """

    use_required_attribute = False
    layout: ClassVar[tuple[LayoutObject | str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            _say_it_plainly(field, f"{type(self).__name__}.{name}")
            if _may_stay_empty(field):
                label = str(field.label or pretty_name(name))
                field.label = label if OPTIONAL in label else f"{label} {OPTIONAL}"
            # A browser's own limit would cut a pasted text without a word.
            field.widget.attrs.pop("maxlength", None)

    @property
    def helper(self) -> FormHelper:
        """How crispy draws it: the fields alone, for the page's own form element, which says novalidate."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.include_media = False
        if self.layout:
            helper.layout = Layout(*self.layout)
        return helper


class RowChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django has no generic here
    """One row of a table; whatever names none of them is a wrong choice, a NUL too."""

    def to_python(self, value: Any) -> Any:
        """The row.

        Errors: ValidationError.
        """
        try:
            return super().to_python(value)
        except forms.ValidationError as error:
            raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice") from error


def stock_words(field: forms.Field) -> dict[str, Any]:
    """Django's own sentences that a field could say, by their code."""
    found: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        if kind.__module__.startswith("django."):
            found |= vars(kind).get("default_error_messages", {})
    for validator in field.validators:
        said = getattr(validator, "message", None)
        # Read from the class, a sentence is Django's; from the instance, somebody wrote it for this field.
        if type(validator).__module__.startswith("django.") and said is getattr(
            type(validator), "message", 0
        ):
            found[getattr(validator, "code", "invalid")] = said
    return found


def _say_it_plainly(field: forms.Field, name: str) -> None:
    for code, stock in stock_words(field).items():
        if field.error_messages.get(code, stock) is not stock:
            continue
        if code == "required" and field.required:
            raise ImproperlyConfigured(
                f"{name} needs words of its own for being empty, like “Enter your name”"
            )
        field.error_messages[code] = _plain_words(field, code, stock)


def _plain_words(field: forms.Field, code: str, stock: Any) -> Any:
    if code == "invalid":
        for kind, words in _SAY_INVALID.items():
            if isinstance(field, kind):
                return words
    return _SAY.get(code, stock)


def _may_stay_empty(field: forms.Field) -> bool:
    if (
        field.required
        or field.disabled
        or field.widget.is_hidden
        or isinstance(field.widget, forms.CheckboxInput)
    ):
        return False
    choices = getattr(field, "choices", None)
    return choices is None or all(key for key, _ in choices)
