"""One question a page: steps, answers kept until the end, «Check your answers», and what happens next.

The pages are templates/flow: question, check, done. A journey gives its steps and its addresses, and says at the end
what becomes of the answers; only a pressed button keeps anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from forum.forms.plain import PlainForm
from forum.kit import wording

NOT_GIVEN = "Not given"

type Posted = dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One question. Shape: `key` stands in its address; `why` is shown under «Why we ask»."""

    key: str
    question: str
    form: type[PlainForm]
    lead: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A journey of some questions.

    Shape: `name` is its own among all journeys; `title` is what it is called on every page; `question_door` and
    `check_door` are the names of its addresses, the first with a `key`; `start_door` is where it is left.
    """

    name: str
    title: str
    steps: Sequence[Step]
    question_door: str
    check_door: str
    start_door: str

    def step(self, key: str) -> Step | None:
        """The step of an address, if there is one."""
        return next((step for step in self.steps if step.key == key), None)

    def url_of(self, step: Step) -> str:
        """The address of a question."""
        return reverse(self.question_door, kwargs={"key": step.key})

    def form(self, request: HttpRequest, step: Step) -> PlainForm:
        """The form of a question: with what is posted now, else with what was kept."""
        if request.method == "POST":
            return step.form(request.POST)
        return self._kept_form(self._kept(request), step) or step.form()

    def keep(self, request: HttpRequest, step: Step, form: PlainForm) -> None:
        """Keeps a valid answer, signed, in the session: that of its own fields and nothing else."""
        names = [bound.html_name for bound in form]
        posted = {
            key: request.POST.getlist(key)
            for key in request.POST
            if any(key == name or key.startswith(f"{name}_") for name in names)
        }
        self._write(request, self._kept(request) | {step.key: posted})

    def first_open(self, request: HttpRequest) -> Step | None:
        """The first question without a good answer; nothing when all are answered."""
        kept = self._kept(request)
        return next((step for step in self.steps if self._good(kept, step) is None), None)

    def next_url(self, request: HttpRequest) -> str:
        """Where an answered question leads: to the first open one, else to the check."""
        step = self.first_open(request)
        return self.url_of(step) if step else reverse(self.check_door)

    def back_url(self, request: HttpRequest, step: Step) -> str:
        """Where «Back» leads: to the check when everything is answered, else to the question before."""
        if self.first_open(request) is None:
            return reverse(self.check_door)
        place = self.steps.index(step)
        return self.url_of(self.steps[place - 1]) if place else reverse(self.start_door)

    def context(self, request: HttpRequest, step: Step, form: PlainForm) -> dict[str, Any]:
        """What the page of a question shows."""
        place = f"{self.title}, question {self.steps.index(step) + 1} of {len(self.steps)}"
        return {
            "flow": self,
            "step": step,
            "form": form,
            "place": place,
            "back": self.back_url(request, step),
        }

    def rows(self, request: HttpRequest) -> list[dict[str, str]]:
        """Every answer in words with the way to change it, as parts/summary.html takes them."""
        kept, found = self._kept(request), []
        for step in self.steps:
            form = self._good(kept, step)
            if form is not None:
                for bound in form:
                    key, value = _without_mark(str(bound.label)), in_words(bound, form.cleaned_data)
                    found.append({"key": key, "value": value, "url": self.url_of(step), "action": "Change"})
        return found

    def answers(self, request: HttpRequest) -> dict[str, Any] | None:
        """Every clean value by the name of its field; nothing while a question is open."""
        kept = self._kept(request)
        found: dict[str, Any] = {}
        for step in self.steps:
            form = self._good(kept, step)
            if form is None:
                return None
            found |= form.cleaned_data
        return found

    def forget(self, request: HttpRequest) -> None:
        """Drops the answers."""
        request.session.pop(self._place, None)

    @property
    def _place(self) -> str:
        return f"flow.{self.name}"

    def _kept(self, request: HttpRequest) -> dict[str, Posted]:
        try:
            kept: dict[str, Posted] = signing.loads(request.session.get(self._place, ""), salt=self._place)
        except signing.BadSignature:
            return {}
        return kept

    def _write(self, request: HttpRequest, kept: Mapping[str, Posted]) -> None:
        request.session[self._place] = signing.dumps(dict(kept), salt=self._place)

    def _kept_form(self, kept: Mapping[str, Posted], step: Step) -> PlainForm | None:
        posted = kept.get(step.key)
        return None if posted is None else step.form(MultiValueDict(posted))

    def _good(self, kept: Mapping[str, Posted], step: Step) -> PlainForm | None:
        form = self._kept_form(kept, step)
        return form if form is not None and form.is_valid() else None


def in_words(bound: forms.BoundField, clean: Mapping[str, Any]) -> str:
    """One answer as the summary says it: the words of a choice, a day in full, yes or no."""
    value = clean.get(bound.name)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return wording.long_day(value)
    if value is None or value in ("", []):
        return NOT_GIVEN
    words = {str(key): str(label) for key, label in getattr(bound.field, "choices", ())}
    if isinstance(value, list | tuple):
        return wording.listed([words.get(str(one), str(one)) for one in value])
    return words.get(str(value), str(value))


def _without_mark(label: str) -> str:
    return label.removesuffix(" (optional)")
