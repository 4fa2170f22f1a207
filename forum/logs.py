"""Logs: one line of named facts for each event, and nothing in them that names a person or opens a link.

Shape: JSON in production, words elsewhere. Paths, addresses, tokens, codes and query strings are never facts; a
request is named by its route, a person by a number, a fault by its type and the places in the code it passed.
"""

import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def places(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """A fault as its type and the places it passed, without its message, which may hold what somebody typed."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[0] is not None:
        event["fault"] = found[0].__name__
        event["places"] = [
            f"{frame.filename.rpartition('site-packages/')[2].rpartition('/main/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(found[2])[-8:]
        ]
    return event


def settings(*, production: bool) -> dict[str, Any]:
    """Django's LOGGING."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        places,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer() if production else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                "foreign_pre_chain": [structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            }
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line"},
            "none": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        # Django's own lines about requests name paths, which hold tokens; ours name the route.
        "loggers": {
            name: {"handlers": ["none"], "level": "CRITICAL", "propagate": False}
            for name in ("django.request", "django.security", "django.server")
        },
    }
