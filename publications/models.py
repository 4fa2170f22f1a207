"""What the Forum publishes: guides, its standing pages, news."""

from datetime import date
from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse

from forum.kit import characters, clock
from forum.kit.models import Stamped

_NOT_A_YEAR = RegexValidator(r"^[0-9]+$", "Use letters too: figures alone are a year", inverse_match=True)


class Guide(Stamped):
    """A publication that came out of a community's work.

    Shape: `due` says in words when to expect it, while it is not yet published.
    """

    slug = models.SlugField(unique=True)
    series = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=160, validators=[characters.ONE_LINE])
    summary = models.CharField(max_length=300, blank=True)
    due = models.CharField("expected", max_length=60, blank=True)
    published_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-published_on", "id"]

    def __str__(self) -> str:
        return self.title


class Page(Stamped):
    """A standing page, always at its own address. Its words are in the form that `publications.markup` reads."""

    class Place(models.TextChoices):
        """The pages that there are."""

        ABOUT = "about", "About the Forum"
        PEOPLE = "people", "Who leads it"
        HISTORY = "history", "History"
        PRESS = "press", "Press"
        CONTACT = "contact", "Contact"
        PRIVACY = "privacy", "Privacy"
        COOKIES = "cookies", "Cookies"
        ACCESSIBILITY = "accessibility", "Accessibility"

    slug = models.CharField("page", max_length=20, choices=Place, unique=True, editable=False)
    title = models.CharField(max_length=120, validators=[characters.ONE_LINE])
    lead = models.CharField("opening sentence", max_length=300, validators=[characters.ONE_LINE])
    body = models.TextField("text", max_length=20_000, validators=[characters.LINES])
    edited_at = models.DateTimeField(default=clock.now, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(
                    slug__in=[
                        *("about", "people", "history", "press"),
                        *("contact", "privacy", "cookies", "accessibility"),
                    ]
                ),
                name="page_known",
                violation_error_message="There is no page of this name",
            ),
            models.CheckConstraint(
                condition=~models.Q(title__regex=characters.SEEN_IN_SQL)
                & ~models.Q(lead__regex=characters.SEEN_IN_SQL),
                name="page_words_seen",
                violation_error_message=characters.TAKE_OUT,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Where it stands on the site."""
        return reverse(f"publications:{self.slug}")


class Wording(Stamped):
    """What a page said before: one row for each time its words were replaced."""

    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="wordings")
    title = models.CharField(max_length=120)
    lead = models.CharField(max_length=300)
    body = models.TextField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.title


class NewsItemQuerySet(models.QuerySet["NewsItem"]):
    """Named reads of news."""

    def on_site(self, today: date) -> Self:
        """What readers see on this day, newest first."""
        return self.filter(state=NewsItem.State.PUBLISHED, published_on__lte=today)


class NewsItem(Stamped):
    """One piece of news, or an article that somebody signs.

    Shape: readers see it once it is published and its day has come. `source_title`, `source_outlet` and `source_url`
    name a piece that appeared elsewhere. The body is in the form that `publications.markup` reads.
    """

    class Kind(models.TextChoices):
        """Who speaks."""

        NEWS = "news", "News: the Forum says it"
        ARTICLE = "article", "Article: somebody signs it"

    class State(models.TextChoices):
        """Whether readers may see it."""

        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    slug = models.SlugField(max_length=80, unique=True, validators=[_NOT_A_YEAR], editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.NEWS)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    title = models.CharField(max_length=120, validators=[characters.ONE_LINE])
    summary = models.CharField(max_length=300, validators=[characters.ONE_LINE])
    body = models.TextField("text", max_length=20_000, blank=True, validators=[characters.LINES])
    published_on = models.DateField("day", null=True, blank=True)
    author = models.CharField(max_length=120, blank=True, validators=[characters.ONE_LINE])
    author_role = models.CharField(max_length=160, blank=True, validators=[characters.ONE_LINE])
    source_title = models.CharField(max_length=200, blank=True, validators=[characters.ONE_LINE])
    source_outlet = models.CharField(max_length=120, blank=True, validators=[characters.ONE_LINE])
    source_url = models.URLField(max_length=500, blank=True)
    on_home = models.BooleanField("may stand on the start page", default=True)
    edited_at = models.DateTimeField(default=clock.now, editable=False)

    objects = NewsItemQuerySet.as_manager()

    class Meta:
        verbose_name = "news item"
        verbose_name_plural = "news"
        ordering: ClassVar[list[str]] = ["-published_on", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "-published_on", "-id"], name="newsitem_newest"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(kind="article") | ~models.Q(author=""),
                name="newsitem_article_signed",
                violation_error_message="An article needs the name of who signs it",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="published") | models.Q(published_on__isnull=False),
                name="newsitem_published_dated",
                violation_error_message="What is published needs its day",
            ),
            models.CheckConstraint(
                condition=models.Q(source_url="")
                | (models.Q(source_url__startswith="https://") & ~models.Q(source_outlet="")),
                name="newsitem_source_named",
                violation_error_message="A link needs https, and the name of where it leads",
            ),
            models.CheckConstraint(
                condition=~models.Q(slug__regex=r"^[0-9]+$"),
                name="newsitem_slug_no_year",
                violation_error_message="Figures alone are the address of a year",
            ),
            models.CheckConstraint(
                condition=~models.Q(title__regex=characters.SEEN_IN_SQL)
                & ~models.Q(summary__regex=characters.SEEN_IN_SQL)
                & ~models.Q(author__regex=characters.SEEN_IN_SQL),
                name="newsitem_words_seen",
                violation_error_message=characters.TAKE_OUT,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page, for ever."""
        return reverse("publications:news-item", args=[self.slug])

    @property
    def is_published(self) -> bool:
        """Whether readers may see it, today or on its day."""
        return self.state == self.State.PUBLISHED
