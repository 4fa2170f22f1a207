"""The standing pages with their first words, so that a new portal has true pages; chairs write them from then on."""

from pathlib import Path
from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FOLDER = Path(__file__).resolve().parent / "first_pages"
PAGES = ("about", "people", "history", "press", "contact", "privacy", "cookies", "accessibility")


def write_pages(apps: Apps, editor: BaseDatabaseSchemaEditor | None) -> None:
    """Each page that is not there yet. Shape: a file's first line is its title, the second its opening sentence."""
    page = apps.get_model("publications.Page")
    for slug in PAGES:
        title, lead, body = (FOLDER / f"{slug}.txt").read_text(encoding="utf-8").split("\n", 2)
        page.objects.get_or_create(slug=slug, defaults={"title": title, "lead": lead, "body": body.strip()})


class Migration(migrations.Migration):
    dependencies: ClassVar = [("publications", "0003_pages_and_news")]
    operations: ClassVar = [migrations.RunPython(write_pages, migrations.RunPython.noop)]
