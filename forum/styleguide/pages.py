"""The components on one page, each with its markup."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from forum.styleguide import samples
from forum.styleguide.doors import in_development


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One component as it is drawn. Shape: `drawn` is its markup, safe to show."""

    key: str
    title: str
    drawn: str
    is_on_page: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    """Components of one kind."""

    key: str
    title: str
    words: str
    samples: list[Shown]


@in_development
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    sections = [
        ShownSection(
            key=section.key,
            title=section.title,
            words=section.words,
            samples=[_shown(request, sample) for sample in section.samples],
        )
        for section in samples.sections()
    ]
    context: dict[str, Any] = {"sections": sections, "strip": samples.STRIP}
    return render(request, "styleguide/components.html", context)


def _shown(request: HttpRequest, sample: samples.Sample) -> Shown:
    drawn = render_to_string(sample.template, dict(sample.context), request)
    lines = [line.rstrip() for line in drawn.splitlines()]
    return Shown(
        key=sample.key,
        title=sample.title,
        drawn="\n".join(line for line in lines if line),
        is_on_page=sample.is_on_page,
    )
