"""Guides, news and the pages of the site in the admin."""

from publications.admin import guides, news, pages

__all__ = ["guides", "news", "pages"]
