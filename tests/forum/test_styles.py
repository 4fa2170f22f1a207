"""The style sheets that pages load are those that ./run css would make now."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.templatetags.static import static
from django.test import Client

from forum.launch import styles


@pytest.mark.parametrize("source", list(styles.MADE))
def test_the_committed_style_sheet_is_current(source: str):
    made = (styles.STYLES / styles.MADE[source]).read_text()
    assert made == styles.make(source), "run ./run css"


def test_what_no_page_can_use_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written = """
    .button, .never-anywhere-in-a-page { color: red }
    .never-anywhere-in-a-page a { color: red }
    .tag-made-of-a-state { color: red }
    p:not(.never-anywhere-in-a-page) { color: red }
    @media print { .never-anywhere-in-a-page { color: red } }
    """
    (tmp_path / "site.css").write_text(written.replace("never-anywhere-in-a-page", "never" + "-used"))
    monkeypatch.setattr(styles, "STYLES", tmp_path)
    assert styles.make("site.css") == (
        ".button{color:red}.tag-made-of-a-state{color:red}p:not(.never-used){color:red}\n"
    )


@pytest.mark.django_db
def test_static_files_are_kept_for_years_and_sent_compressed(tmp_path: Path, settings: LazySettings):
    """As production serves them: by the hash of what they hold, in gzip or brotli."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    call_command("collectstatic", interactive=False, verbosity=0)
    address = static("css/site.min.css")
    assert re.fullmatch(r"/static/css/site\.min\.[0-9a-f]{12}\.css", address)
    sizes = {}
    for coding in ("", "gzip", "br"):
        answer = Client().get(address, headers={"Accept-Encoding": coding})
        assert answer.status_code == 200 and answer.get("Content-Encoding", "") == coding
        assert answer["Cache-Control"] == "max-age=315360000, public, immutable"
        sizes[coding] = len(b"".join(answer.streaming_content))
        answer.close()
    assert sizes["br"] < sizes["gzip"] < sizes[""] / 3
