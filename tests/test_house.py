"""The laws of the house that imports alone cannot say."""

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import models
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from members.models import Person

ROOT = Path(settings.BASE_DIR)
STOREY = {"kit": 0, "audit": 1, "outbox": 1, "members": 2, "meetings": 3, "communities": 4, "publications": 5}
OURS = ("forum", "members", "meetings", "communities", "publications")

# Doors that open without signing in. A new one is added here on purpose or not at all.
PUBLIC_DOORS = {
    "home",
    "live",
    "ready",
    "robots",
    "sitemap",
    "share",
    "share-news",
    "share-meeting",
    "account_login",
    "account_request_login_code",
    "account_confirm_login_code",
    "account_inactive",
    "account_logout",
    "account_signup",
    "meetings:year-now",
    "meetings:year",
    "meetings:dates-file",
    "meetings:meeting",
    "meetings:meeting-file",
    "meetings:answer",
    "meetings:dates-feed",
    "meetings:feed",
    "meetings:feed-page",
    "meetings:for-it",
    "meetings:answer-file",
    "members:mail",
    "members:one-time-link",
    "members:passkey-options",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "communities:index",
    "publications:index",
    "publications:news",
    "publications:news-feed",
    "publications:news-year",
    "publications:news-item",
    "publications:about",
    "publications:people",
    "publications:history",
    "publications:press",
    "publications:contact",
    "publications:privacy",
    "publications:cookies",
    "publications:accessibility",
}

# What no admin page may add, change or delete other than through an action.
THROUGH_ACTIONS = {
    "meetings.meeting",
    "meetings.calendarentry",
    "meetings.invitation",
    "members.subscription",
    "outbox.message",
    "publications.page",
}


def test_foreign_keys_point_to_the_same_storey_or_lower():
    wrong = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in STOREY
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and field.related_model._meta.app_label in STOREY
        and STOREY[field.related_model._meta.app_label] > STOREY[model._meta.app_label]
    ]
    assert wrong == []


def test_the_ground_holds_plain_ids():
    wrong = [
        f"{model._meta.label}.{field.name}"
        for label in ("audit", "outbox")
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.related_model._meta.app_label != label
    ]
    assert wrong == []


def _doors(
    patterns: list[URLPattern | URLResolver] | None = None, space: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _doors(pattern.url_patterns, inner)
        else:
            yield f"{space}{pattern.name}", pattern


def test_the_doors_open_to_the_public_are_these():
    found = {
        name
        for name, pattern in _doors()
        if not getattr(pattern.callback, "login_required", True) and not name.startswith("demo")
    }
    assert found == PUBLIC_DOORS


def test_every_address_has_a_name():
    assert [pattern for name, pattern in _doors() if name.endswith("None") and "admin" not in name] == []


def test_every_beat_entry_names_a_task():
    current_app.loader.import_default_modules()
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert named and named <= set(current_app.tasks)


def test_tasks_never_wait_for_an_hour():
    """No ETA, no countdown, no retries by the broker: what is due is a query."""
    wrong = [
        str(path.relative_to(ROOT))
        for path in _sources()
        if re.search(r"\b(countdown|eta)=|\.retry\(|acks_late\s*=\s*True", path.read_text())
    ]
    assert wrong == []


def test_every_letter_has_its_template_triple():
    for app, least in (
        ("meetings", {"invitation", "change", "reminder", "welcome"}),
        ("members", {"security"}),
    ):
        folder = ROOT / app / "letters"
        sources = sorted(folder.glob("*.py")) if folder.is_dir() else [ROOT / app / "letters.py"]
        text = "\n".join(path.read_text() for path in sources)
        kinds = set(re.findall(r'compose\(\s*view,\s*"(\w+)"|render\("\w+/mail/(\w+)"', text))
        named = {one or other for one, other in kinds}
        assert named >= least
        wanted = {f"{kind}.{part}" for kind in named for part in ("subject.txt", "txt", "html")}
        assert {path.name for path in (ROOT / f"templates/{app}/mail").iterdir() if path.is_file()} == wanted


def test_no_script_or_style_stands_in_a_page():
    wrong = []
    for path in (ROOT / "templates").rglob("*.html"):
        if "mail" in path.relative_to(ROOT / "templates").parts[:-1]:
            continue  # mail programs read no style sheets
        text = path.read_text()
        if re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", text):
            wrong.append(str(path))
    assert wrong == []


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


@pytest.mark.django_db
def test_the_admin_changes_nothing_past_an_action():
    request = RequestFactory().get("/admin/")
    request.user = Person(email="root@forum.example", is_superuser=True, is_staff=True, is_active=True)
    wrong = []
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in STOREY:
            continue
        if model_admin.has_delete_permission(request):
            wrong.append(f"{model._meta.label} can be deleted")
        if model._meta.label_lower in THROUGH_ACTIONS:
            if model_admin.has_add_permission(request):
                wrong.append(f"{model._meta.label} can be added")
            if type(model_admin).changeform_view is admin.ModelAdmin.changeform_view and (
                model_admin.has_change_permission(request)
            ):
                own = [url.name for url in model_admin.get_urls() if isinstance(url, URLPattern)]
                first_change = next(name for name in own if name and name.endswith("_change"))
                if first_change != f"{model._meta.app_label}_{model._meta.model_name}_change":
                    wrong.append(f"{model._meta.label} can be changed by Django's own form")
    assert wrong == []


def test_nothing_is_called_utils():
    banned = {"utils", "helpers", "common", "core", "services", "managers"}
    kept = {ROOT / "forum/launch/services.py"}  # PostgreSQL and Valkey, which are services
    assert [path for path in _sources() if path.stem in banned and path not in kept] == []


def test_no_import_stands_inside_a_function():
    wrong = []
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                wrong += [
                    f"{path}:{inner.lineno}"
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Import | ast.ImportFrom)
                ]
    assert wrong == []


def test_sql_never_asks_the_database_what_time_it_is():
    wrong = [
        str(path)
        for path in _sources()
        if re.search(
            r"\b(now\(\)|current_timestamp|clock_timestamp|statement_timestamp)", _strings(path), re.I
        )
    ]
    assert wrong == []


def test_only_the_clock_knows_the_time():
    allowed = {"forum/kit/clock.py", "forum/env.py"}
    wrong = [
        str(path.relative_to(ROOT))
        for path in _sources()
        if "launch" not in path.parts
        and str(path.relative_to(ROOT)) not in allowed
        and re.search(
            r"\b(datetime\.now|datetime\.utcnow|timezone\.now|date\.today|time\.time)\(", path.read_text()
        )
    ]
    assert wrong == []


def test_doors_write_through_actions():
    wrong = []
    for path in _sources():
        parts = path.relative_to(ROOT).parts
        if parts[0] not in OURS[1:] or not {
            "views.py",
            "admin.py",
            "forms.py",
            "admin",
            "forms",
            "views",
        } & set(parts):
            continue
        wrong += [
            f"{path}: {found}"
            for found in re.findall(
                r"\.(?:save|create|update|delete|bulk_create|get_or_create)\(", path.read_text()
            )
        ]
    assert wrong == []


def test_every_public_name_says_what_it_gives():
    wrong = []
    for path in _sources():
        module = ast.parse(path.read_text())
        if path.stat().st_size and not ast.get_docstring(module):
            wrong.append(str(path))
        wrong += [
            f"{path}:{node.lineno} {node.name}" for node in _public(module) if not ast.get_docstring(node)
        ]
    assert wrong == []


def test_the_locks_hold_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [_name(line) for line in project["project"]["dependencies"]]
    dev = [_name(line) for line in project["dependency-groups"]["dev"]]
    run, test = (_locked(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))
    assert [name for name in asked if name not in run] == []
    assert [name for name in asked + dev if name not in test] == []
    assert {name: version for name, version in run.items() if test.get(name) != version} == {}


def test_every_module_of_ours_can_be_imported():
    for path in _sources():
        if path.name not in {"settings.py", "wsgi.py", "__main__.py"} and "launch" not in path.parts:
            importlib.import_module(
                ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            )


def _sources() -> list[Path]:
    return [
        path
        for name in OURS
        for path in sorted((ROOT / name).rglob("*.py"))
        if "migrations" not in path.parts and "__pycache__" not in path.parts
    ]


def _strings(path: Path) -> str:
    nodes = ast.walk(ast.parse(path.read_text()))
    return "\n".join(
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "SELECT" in node.value.upper()
    )


def _public(node: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """Classes and functions that others may use: not inside a function, not private, not a Meta."""
    for inner in node.body:
        named = isinstance(inner, ast.ClassDef | ast.FunctionDef) and not inner.name.startswith("_")
        if named and inner.name != "Meta":
            yield inner
            if isinstance(inner, ast.ClassDef):
                yield from _public(inner)


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=~!; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _locked(path: Path) -> dict[str, str]:
    return {
        name.lower().replace("_", "-"): version
        for name, version in re.findall(
            r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", path.read_text(), re.MULTILINE
        )
    }
