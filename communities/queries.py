"""Named reads of communities."""

from communities.models import Community

ON_HOME = 6


def for_home() -> list[Community]:
    """Those at work, for the start page."""
    return list(Community.objects.exclude(state=Community.State.CONCLUDED)[:ON_HOME])
