"""A small journey that shows how one question a page works; what is typed is dropped at its end."""

from crispy_forms.layout import Field
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from forum.forms import Flow, PlainForm, Step
from forum.forms.days import DayField
from forum.styleguide.doors import in_development

DONE = "styleguide.flow.done"
_FIGURES = {"inputmode": "numeric", "autocomplete": "off"}

any_method = require_http_methods(["GET", "HEAD", "POST"])


class SizeForm(PlainForm):
    """How large a trust is."""

    schools = forms.IntegerField(
        label="Schools in your trust",
        min_value=1,
        max_value=500,
        widget=forms.TextInput(attrs=_FIGURES),
        error_messages={
            "required": "Enter how many schools your trust has, in figures, like 17",
            "invalid": "Enter how many schools your trust has, in figures, like 17",
        },
    )
    pupils = forms.IntegerField(
        label="Pupils",
        help_text="About how many on roll, all schools together",
        required=False,
        min_value=1,
        widget=forms.TextInput(attrs=_FIGURES),
    )
    phases = forms.MultipleChoiceField(
        label="Which phases?",
        help_text="Choose all that you have",
        choices=[("primary", "Primary"), ("secondary", "Secondary"), ("special", "Special")],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one school phase"},
    )
    layout = (Field("schools", "pupils", wrapper_class="width-6"), "phases")


class BegunForm(PlainForm):
    """Since when."""

    begun_on = DayField(
        label="When did you begin?",
        help_text="For example: 1 9 2024",
        error_messages={"required": "Enter the day you began, like 1 9 2024"},
    )


class NewsForm(PlainForm):
    """What somebody wants to get."""

    news = forms.ChoiceField(
        label="Do you want news of new guides?",
        choices=[("yes", "Yes"), ("no", "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose yes or no"},
    )


FLOW = Flow(
    name="sample",
    title="A sample",
    steps=(
        Step(
            key="size",
            question="How many schools and pupils?",
            form=SizeForm,
            lead="A rough figure is fine.",
            why="Sizes tell the Forum whom it reaches. Only totals are published.",
        ),
        Step(key="begun", question="Since when do you lead staff development?", form=BegunForm),
        Step(key="news", question="What may we send you?", form=NewsForm),
    ),
    question_door="styleguide:flow-question",
    check_door="styleguide:flow-check",
    start_door="styleguide:components",
)


@in_development
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """On to the first question."""
    return redirect(FLOW.url_of(FLOW.steps[0]))


@in_development
@any_method
def question(request: HttpRequest, key: str) -> HttpResponse:
    """One question."""
    step = FLOW.step(key)
    if step is None:
        raise Http404
    form = FLOW.form(request, step)
    if request.method == "POST" and form.is_valid():
        FLOW.keep(request, step, form)
        return redirect(FLOW.next_url(request))
    return render(request, "flow/question.html", FLOW.context(request, step, form))


@in_development
@any_method
def check(request: HttpRequest) -> HttpResponse:
    """Every answer; the button ends the journey."""
    if FLOW.answers(request) is None:
        return redirect(FLOW.next_url(request))
    if request.method == "POST":
        FLOW.forget(request)
        request.session[DONE] = True
        return redirect("styleguide:flow-done")
    context = {
        "flow": FLOW,
        "rows": FLOW.rows(request),
        "back": FLOW.url_of(FLOW.steps[-1]),
        "button": "Send my answers",
        "words": "This is a sample: nothing is sent.",
    }
    return render(request, "flow/check.html", context)


@in_development
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """What happens next."""
    if DONE not in request.session:
        return redirect(FLOW.url_of(FLOW.steps[0]))
    context = {
        "title": "Your answers are complete.",
        "done": "This was a sample, so nothing was sent.",
        "next": [
            "A chair reads what you sent, usually within 5 working days.",
            "You get an answer by email.",
        ],
        "links": [{"url": reverse("styleguide:components"), "label": "Style guide"}],
    }
    return render(request, "flow/done.html", context)
