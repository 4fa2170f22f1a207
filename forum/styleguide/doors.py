"""Who may open the style guide: anybody at a portal in development, and nobody anywhere else."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse

from forum.kit.doors import sealed

View = Callable[..., HttpResponse]


def in_development(view: View) -> View:
    """Opens a view in development only; elsewhere there is no such page, whatever the addresses say."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.ENVIRONMENT != "development":
            raise Http404
        return sealed(view)(request, *args, **kwargs)

    return login_not_required(guarded)
