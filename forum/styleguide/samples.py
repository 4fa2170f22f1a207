"""What the style guide shows: every component with made-up values, in the order of the design's style sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.core.paginator import Paginator
from django.urls import reverse

from forum.forms import PlainForm
from forum.forms.days import DayField
from forum.kit.needs import Need

_HERE = "#content"
COLOURS = [
    "ink",
    "muted",
    "paper",
    "surface",
    "sunk",
    "line",
    "control",
    "pine",
    "pine-dark",
    "pine-tint",
    "marigold",
    "marigold-tint",
    "ochre",
    "link",
    "visited",
    "error",
    "error-dark",
    "error-tint",
    "ok",
    "ok-tint",
    "plum",
    "plum-tint",
    "slate",
    "slate-tint",
    "rust",
    "rust-tint",
]
STRIP = {
    "number": 3,
    "total": 11,
    "url": _HERE,
    "label": "Thursday 6 November, 10:00am",
    "short_label": "Thu 6 Nov, 10:00am",
    "terms": [
        ["held", "held", "next", "to_come"],
        ["to_come", "changed", "cancelled"],
        ["to_come", "undated"],
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One component in one state. Shape: with `is_on_page` the page wears it already, and only its markup is shown."""

    key: str
    template: str
    title: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    is_on_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Components of one kind, under one heading."""

    key: str
    title: str
    samples: list[Sample]
    words: str = ""


class ControlsForm(PlainForm):
    """Every kind of control."""

    job_title = forms.CharField(
        label="Job title",
        help_text="As you would put it in a message",
        initial="Director of Professional Learning",
        required=False,
    )
    email = forms.EmailField(label="Work email", error_messages={"required": "Enter your work email address"})
    code = forms.CharField(
        label="Code", error_messages={"required": "Enter the six figures from the message"}
    )
    trust = forms.CharField(
        label="Trust", disabled=True, required=False, initial="Fenwright Learning Federation"
    )
    region = forms.ChoiceField(
        label="Region",
        choices=[("", "Choose a region"), ("north", "North East"), ("east", "East Midlands")],
        error_messages={"required": "Choose your region"},
    )
    answer = forms.ChoiceField(
        label="Your answer",
        choices=[("yes", "Yes"), ("maybe", "Maybe"), ("no", "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose yes, maybe or no"},
    )
    stop = forms.ChoiceField(
        label="What should stop?",
        choices=[("meetings", "Stop meeting invitations"), ("everything", "Stop everything")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what should stop"},
    )
    mail = forms.MultipleChoiceField(
        label="Mail",
        help_text="Choose all that you want",
        choices=[("meetings", "Meeting invitations"), ("news", "News and guides")],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what you want to get"},
    )
    told = forms.BooleanField(
        label="I have told these colleagues",
        help_text="They get an invitation with your name in it",
        error_messages={"required": "Tell your colleagues first, then tick this"},
    )
    on = DayField(
        label="Date", help_text="For example: 19 11 2025", error_messages={"required": "Enter the date"}
    )
    note = forms.CharField(
        label="A note to the chairs", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    layout = (
        "job_title",
        "email",
        Field("code", wrapper_class="width-6"),
        "trust",
        "region",
        Field("answer", wrapper_class="inline-choices focus-first"),
        Field("stop", wrapper_class="boxed"),
        "mail",
        "told",
        "on",
        "note",
    )


def sections() -> list[Section]:
    """Everything there is to show."""
    return [*_looks(), *_controls(), *_words(), *_lists(), *_components()]


def _looks() -> list[Section]:
    return [
        _one(
            "year-line",
            "Year line",
            "parts/year_line.html",
            _year_line(),
            "11 spines on a shelf; three lines on a phone.",
        ),
        _one("colours", "Colour", "styleguide/samples/colours.html", {"colours": COLOURS}),
        _one("type", "Type", "styleguide/samples/type.html"),
        _one(
            "buttons",
            "Buttons",
            "styleguide/samples/buttons.html",
            words="One filled button a page. The red one only where people lose something.",
        ),
    ]


def _controls() -> list[Section]:
    wrong = ControlsForm(
        {"wrong-email": "priya at home", "wrong-code": "", "wrong-on_day": "31", "wrong-on_month": "feb"},
        prefix="wrong",
    )
    summary = "parts/error_summary.html"
    form = "styleguide/samples/form.html"
    return [
        Section(
            key="controls",
            title="Form controls",
            words="Two-pixel edges can be typed in or pressed. One-pixel lines only separate.",
            samples=[
                Sample(
                    key="form",
                    title="As it opens",
                    template=form,
                    context={"form": ControlsForm(prefix="new")},
                ),
                Sample(
                    key="error-summary",
                    title="The summary of what is wrong",
                    template=summary,
                    context={"form": wrong},
                ),
                Sample(key="form-errors", title="With errors", template=form, context={"form": wrong}),
            ],
        )
    ]


def _words() -> list[Section]:
    banners = {
        "info": ("Code is on its way.", "It may take a few minutes."),
        "success": (
            "You have said no to Thursday 6 November 2025.",
            "You can change this until the meeting starts.",
        ),
        "warning": ("Helen is at another address.", "They must confirm before we write again."),
        "error": ("That file was not kept.", "It has macros. Save it as .docx and try again."),
    }
    undo = {"title": "428 messages leave at 9:02am.", "detail": "Moved by Tracy Goodyear.", "undo_url": _HERE}
    offers = [
        undo | {"undo_label": "Undo the move", "mark": "1", "see_url": _HERE, "see_label": "See the message"}
    ]
    offers += [{"title": "Sent to 428 people.", "see_url": _HERE, "see_label": "Who got it"}]
    return [
        _one("tags", "Tags", "styleguide/samples/tags.html"),
        Section(
            key="banners",
            title="Banners",
            samples=[
                Sample(
                    key=f"banner-{kind}",
                    template="parts/banner.html",
                    title=kind.capitalize(),
                    context={"kind": kind, "title": title, "detail": detail},
                )
                for kind, (title, detail) in banners.items()
            ],
        ),
        _one(
            "undo",
            "Undo",
            "parts/undo_banner.html",
            {"undo_offers": offers, "undo_rest": "One more was sent"},
        ),
        _one(
            "empty",
            "Empty state",
            "parts/empty.html",
            {
                "title": "No questions yet.",
                "words": "The first one sets the tone: ask what you would ask a colleague in the corridor.",
                "url": _HERE,
                "label": "Ask a question",
            },
        ),
    ]


def _lists() -> list[Section]:
    rows = [
        {"key": "Name", "value": "Priya Raman", "url": _HERE, "action": "Change"},
        {"key": "Trust", "value": "Whinfell Learning Trust", "url": _HERE, "action": "Change"},
        {"key": "Coming meetings", "value": "3 in their calendar"},
    ]
    tasks = [
        {
            "label": "Joining link",
            "state": "Missing",
            "kind": "error",
            "url": _HERE,
            "detail": "Invitations go on 16 October",
        },
        {"label": "Theme", "state": "Done", "kind": "done", "url": _HERE},
        {"label": "Reminder", "state": "Planned", "kind": "info"},
        {"label": "Agenda", "state": "Not yet", "kind": "warning", "url": _HERE},
        {"label": "Notes", "state": "After the meeting", "kind": ""},
    ]
    history = [
        {"when": "Today, 9:04am", "words": "Tracy Goodyear moved 6 November.", "url": _HERE, "label": "Open"},
        {"when": "Thu 16 Oct, 9:00am", "words": "Invitations went to 428 people.", "note": "All arrived."},
    ]
    pages = Paginator(range(27), 10)
    resources = [
        _resource(
            "One-page network charter (template)",
            "Word, 42 KB",
            "Agree what a network is for",
            "Fenwright Learning Federation",
        ),
        _resource("Commissioning checklist", "PDF, 95 KB", "Before you buy training", "Marram Coast Trust"),
    ]
    people = [
        _person("Priya Raman", "Trust lead (you)", "Invitations, news", "Arriving", "ok", "Change"),
        _person(
            "Mairi Dunlop",
            "",
            "Invitations",
            "Mail is coming back",
            "error",
            "Correct the address",
            "Has left",
        ),
        _person(
            "Helen Stopford", "", "Nothing until they confirm", "Waiting for their yes", "warning", "Take off"
        ),
        _person("Alan Rees", "", "Nothing", "Not on the mailing list", "", "Has left"),
    ]
    return [
        Section(
            key="tables",
            title="Table, files, pages",
            samples=[
                Sample(key="table", title="Table", template="styleguide/samples/table.html"),
                Sample(
                    key="resources",
                    title="Resources",
                    template="parts/resource_list.html",
                    context={"resources": resources, "caption": "What we have made"},
                ),
                Sample(
                    key="pages-middle",
                    title="Pages",
                    template="parts/pagination.html",
                    context={"page": pages.page(2)},
                ),
                Sample(
                    key="pages-first",
                    title="The first page",
                    template="parts/pagination.html",
                    context={"page": pages.page(1), "label": "Pages from the first"},
                ),
                Sample(
                    key="pages-last",
                    title="The last page",
                    template="parts/pagination.html",
                    context={"page": pages.page(3), "label": "Pages from the last"},
                ),
            ],
        ),
        Section(
            key="summaries",
            title="Summary, tasks, history",
            samples=[
                Sample(
                    key="summary", title="Summary list", template="parts/summary.html", context={"rows": rows}
                ),
                Sample(
                    key="tasks", title="Task list", template="parts/task_list.html", context={"tasks": tasks}
                ),
                Sample(
                    key="history",
                    title="History",
                    template="parts/history.html",
                    context={"entries": history},
                ),
            ],
        ),
        _one(
            "people",
            "People list",
            "parts/people_list.html",
            {"people": people, "caption": "People at Whinfell Learning Trust"},
        ),
        _one("needs", "What needs me", "styleguide/samples/needs.html", {"items": _needs()}),
    ]


def _components() -> list[Section]:
    cards = [
        _card(
            "next",
            "Next meeting, 3 of 11",
            "Thursday 6 November 2025",
            url=_HERE,
            action="Add to your calendar",
            more_url=_HERE,
            more="Theme and agenda",
        ),
        _card(
            "to_confirm",
            "Meeting 4 of 11",
            "Tuesday 2 December 2025",
            state_words="To be confirmed",
            theme="",
        ),
        _card(
            "changed",
            "Meeting 6 of 11",
            "Thursday 12 February 2026",
            state_words="Changed",
            was="Thursday 5 February",
            url=_HERE,
            action="Answer",
        ),
        _card(
            "cancelled",
            "Meeting 7 of 11",
            "Tuesday 3 March 2026",
            state_words="Cancelled",
            reason="Snow. The next one is on 15 April.",
        ),
        _card(
            "held",
            "Meeting 2 of 11",
            "Wednesday 8 October 2025",
            state_words="Held",
            more_url=_HERE,
            more="Notes of this meeting",
        ),
    ]
    stages = ("Scan", "Focus", "Develop a hunch", "Learn", "Act", "Check")
    states = ("done", "now", "to_come", "to_come", "to_come", "to_come")
    line = [{"name": name, "state": state} for name, state in zip(stages, states, strict=True)]
    trusts = {
        "badge": {
            "name": "Fenwright Learning Federation",
            "size": "11 or more schools",
            "region": "East Midlands",
        },
        "badge-people": {
            "name": "Whinfell Learning Trust",
            "size": "6 to 10 schools",
            "region": "North East",
            "url": _HERE,
            "people": "Priya Raman (you), Ewan Sutherland",
        },
    }
    return [
        Section(
            key="meetings",
            title="Meeting card",
            samples=[
                Sample(
                    key=f"meeting-{card['state']}",
                    title=str(card["state"]).replace("_", " ").capitalize(),
                    template="parts/meeting_card.html",
                    context={"card": card},
                )
                for card in cards
            ],
        ),
        _one("dates", "Dates by term", "styleguide/samples/dates.html", _dates()),
        Section(
            key="trusts",
            title="Trust badge",
            samples=[
                Sample(key=key, template="parts/trust_badge.html", context={"trust": trust})
                for key, trust in trusts.items()
            ],
        ),
        _one(
            "communities",
            "Community card",
            "styleguide/samples/communities.html",
            {"communities": _communities()},
        ),
        _one(
            "stages",
            "Stage line",
            "parts/stage_line.html",
            {
                "stages": line,
                "colour": "slate",
                "words": "Stage 2 of 6: focus, in our second cycle. Next: develop a hunch.",
            },
        ),
        _one("questions", "Question row", "styleguide/samples/questions.html", {"questions": _questions()}),
        _guide(),
        Section(
            key="frame",
            title="Header, strip, footer",
            words="This page wears them.",
            samples=[
                Sample(
                    key="breadcrumbs",
                    title="Breadcrumbs",
                    template="parts/breadcrumbs.html",
                    context={
                        "crumbs": [
                            {"url": _HERE, "label": "Guides"},
                            {"url": _HERE, "label": "Subject Leadership Across a Trust"},
                        ]
                    },
                ),
                Sample(
                    key="frame-parts",
                    title="Header, strip and footer",
                    template="styleguide/samples/frame.html",
                    context={"strip": STRIP},
                    is_on_page=True,
                ),
            ],
        ),
    ]


def _one(
    key: str, title: str, template: str, context: Mapping[str, Any] | None = None, words: str = ""
) -> Section:
    return Section(
        key=key, title=title, words=words, samples=[Sample(key=key, template=template, context=context or {})]
    )


def _year_line() -> dict[str, Any]:
    def mark(weekday: str, day: str, state: str, words: str) -> dict[str, str]:
        url = "" if state == "undated" else _HERE
        return {"url": url, "weekday": weekday, "day": day, "state": state, "state_words": words}

    terms = [
        (
            "Autumn",
            [
                mark("Tue", "9 Sep", "held", "held"),
                mark("Wed", "8 Oct", "held", "held"),
                mark("Thu", "6 Nov", "next", "Next"),
                mark("Tue", "2 Dec", "to_come", ""),
            ],
        ),
        (
            "Spring",
            [
                mark("Wed", "7 Jan", "to_come", ""),
                mark("Thu", "12 Feb", "changed", "Changed"),
                mark("Tue", "3 Mar", "cancelled", "Cancelled"),
            ],
        ),
        (
            "Summer",
            [
                mark("Wed", "15 Apr", "to_come", ""),
                mark("Thu", "14 May", "to_come", ""),
                mark("Tue", "16 Jun", "to_come", ""),
                mark("", "July", "undated", "No date yet"),
            ],
        ),
    ]
    return {
        "year_line": [{"name": name, "marks": marks} for name, marks in terms],
        "year_sum": "11 meetings: 2 held, 1 next, 6 to come, 1 cancelled, 1 without a date.",
    }


def _dates() -> dict[str, Any]:
    def row(number: int, month: int, day: int, state: str, theme: str, **more: str) -> dict[str, Any]:
        year = 2025 if month > 8 else 2026
        at = datetime(year, month, day, 10, tzinfo=UTC)
        meeting = {
            "starts_at": at,
            "ends_at": at.replace(hour=11, minute=30),
            "theme": theme,
            "agenda": "10:00am Welcome",
        }
        return {"mark": {"state": state, "number": number, "url": "#", "meeting": meeting}} | more

    rows = [
        row(2, 12, 2, "held", "Coaching that lasts"),
        row(3, 1, 7, "next", "Early career teachers: making the entitlement work"),
        row(4, 2, 12, "changed", "Support staff", was="Thursday 5 February"),
        row(5, 3, 3, "cancelled", "", reason="Snow.", next_on="Wed 15 Apr"),
        row(6, 3, 18, "to_come", ""),
    ]
    return {"rows": rows, "page": {"line": {"total": 11}}}


def _card(
    state: str, kicker: str, day: str, *, theme: str = "Early career teachers", **more: str
) -> dict[str, str]:
    weekday, _, day = day.partition(" ")
    when = {"weekday": weekday, "day": day, "time": "10:00am to 11:30am, online (Zoom)"}
    return when | {"ident": f"card-{state}", "state": state, "kicker": kicker, "theme": theme} | more


def _communities() -> list[dict[str, Any]]:
    return [
        {
            "name": "Leading subjects across a trust",
            "question": "How do we lead a subject well across schools we do not manage?",
            "state_label": "Writing up",
            "colour": "plum",
            "url": _HERE,
            "facts": ["14 trusts", "The first guide came out of it"],
            "led_by": "Beth Marsden and Owen Lasker",
        },
        {
            "name": "Is our CPD working?",
            "question": "How do we know professional development changed teaching?",
            "state_label": "Open to join",
            "colour": "slate",
            "url": _HERE,
            "facts": ["9 trusts", "Next session Wed 19 Nov, 3:45pm"],
            "led_by": "Grace Whitcombe",
        },
        {
            "name": "Growing expertise from within",
            "question": "How do we grow facilitators and specialists from every role?",
            "state_label": "Resting",
            "colour": "rust",
        },
    ]


def _questions() -> list[dict[str, Any]]:
    asked = datetime(2025, 10, 15, 9, tzinfo=UTC)
    return [
        {
            "title": "Pupil outcomes as evidence: where do you draw the line?",
            "url": _HERE,
            "who": "Daniel Okafor, Lantern Hill",
            "age": "5 days ago",
            "asked_at": asked,
            "tag": "No reply yet",
            "tag_kind": "warning",
        },
        {
            "title": "What do you ask teachers six weeks after training?",
            "url": _HERE,
            "who": "Helen Stopford, Kestrel Vale",
            "replies": "2 replies",
            "age": "12 days ago",
            "asked_at": asked.replace(day=8),
        },
        {
            "title": "Has anyone stopped asking for happy sheets altogether?",
            "url": _HERE,
            "who": "Shazia Malik, Stonebeck",
            "replies": "6 replies",
            "age": "3 weeks ago",
            "asked_at": asked.replace(month=9),
            "tag": "Answered",
            "tag_kind": "ok",
        },
    ]


def _guide() -> Section:
    contents = {
        "title": "Subject Leadership Across a Trust",
        "url": _HERE,
        "progress": "Section 7 of 26",
        "folded": "Contents: section 7 of 26",
        "parts": [
            {"name": "Setting out", "sections": [{"title": "The problem of practice", "url": _HERE}]},
            {
                "name": "Lessons",
                "sections": [
                    {"title": "Start with the decision, not the meeting", "url": _HERE},
                    {"title": "Be clear what is tight and what is loose", "url": _HERE, "here": True},
                ],
            },
        ],
    }
    boxes: list[dict[str, Any]] = [
        {
            "kind": "try",
            "label": "Try this, 40 minutes",
            "title": "The postcard exercise",
            "steps": [
                "Ask each subject lead to list what must be done the same way.",
                "Strike out anything nobody would check.",
            ],
        },
        {
            "kind": "case",
            "label": "Case study",
            "title": "A secondary-led trust shares its assessment",
            "about": "6 to 10 schools. Secondary-led. London.",
            "paragraphs": ["Six schools kept six mark schemes and one shared question paper."],
            "url": _HERE,
            "link": "Read the case study",
        },
        {
            "kind": "recommendation",
            "label": "Recommendation",
            "audience": "For trust executives",
            "title": "Publish your tight list by the end of the autumn term",
            "rows": [
                {"key": "Who acts", "value": "Director of education, with subject leads"},
                {"key": "Time", "value": "Two meetings of an hour"},
            ],
        },
    ]
    turn = {
        "before": {"url": _HERE, "title": "Start with the decision, not the meeting"},
        "after": {"url": _HERE, "title": "Pick the lead for the role, then train for it", "minutes": 5},
        "cite": "Trust-wide CPD Leaders’ Forum (2025), Subject Leadership Across a Trust, version 1.0, section 7.",
    }
    return Section(
        key="guide",
        title="Guide reader",
        samples=[
            Sample(
                key="guide-contents",
                title="Contents",
                template="parts/guide_contents.html",
                context={"guide": contents},
            ),
            *(
                Sample(
                    key=f"guide-{box['kind']}",
                    title=str(box["label"]),
                    template="parts/guide_box.html",
                    context={"box": box},
                )
                for box in boxes
            ),
            Sample(key="guide-turn", title="Onward", template="parts/guide_turn.html", context=turn),
        ],
    )


def _resource(title: str, kind: str, purpose: str, trust: str) -> dict[str, Any]:
    made = {"community": "Leading subjects across a trust", "added_on": date(2025, 10, 9), "url": _HERE}
    return made | {"title": title, "kind": kind, "purpose": purpose, "trust": trust}


def _person(name: str, role: str, gets: str, mail: str, kind: str, *actions: str) -> dict[str, Any]:
    address = f"{name.lower().replace(' ', '.')}@whinfell.example"
    does = [{"label": label, "url": _HERE} for label in actions]
    return {
        "name": name,
        "role": role,
        "address": address,
        "gets": gets,
        "mail": mail,
        "mail_kind": kind,
        "actions": does,
    }


def _needs() -> list[dict[str, Any]]:
    def item(key: str, title: str, why: str, button: str, **who: Any) -> dict[str, Any]:
        need = Need(
            key=key, rank=1, title=title, why=why, url=reverse("styleguide:components"), button=button
        )
        return {"need": need, "taken_by": None, "mine": False} | who

    return [
        item("a", "6 November has no joining link", "Invitations go on Thursday.", "Paste the link"),
        item(
            "b", "A trust waits to be let in", "Since Monday.", "Look at it", taken_by={"first_name": "Sam"}
        ),
        item(
            "c",
            "Two addresses sent mail back",
            "They get nothing.",
            "Look at them",
            taken_by={"first_name": "You"},
            mine=True,
        ),
    ]
