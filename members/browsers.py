"""What a browser calls itself, in words that its owner knows it by."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
)
_MORE = (("Chrome/", "Chrome"), ("Safari/", "Safari"))
_DEVICES = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "an Android device"),
    ("Windows", "Windows"),
    ("CrOS", "a Chromebook"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
)


def words(user_agent: str) -> str:
    """«Edge on Windows», or «a browser» where it does not say.

    Source: RFC 9110 10.1.5; the names that the browsers themselves put there.
    """
    browser = next((name for mark, name in (*_BROWSERS, *_MORE) if mark in user_agent), "A browser")
    device = next((name for mark, name in _DEVICES if mark in user_agent), "")
    return f"{browser} on {device}" if device else browser
