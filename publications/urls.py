"""Addresses of the fourth storey."""

from django.urls import path, register_converter

from publications import views
from publications.converters import CalendarYear

register_converter(CalendarYear, "calendar_year")

app_name = "publications"
urlpatterns = [
    path("guides/", views.index, name="index"),
    path("news/", views.news, name="news"),
    path("news/feed.atom", views.news_feed, name="news-feed"),
    path("news/<calendar_year:year>/", views.news, name="news-year"),
    path("news/<slug:slug>/", views.news_item, name="news-item"),
    path("about/", views.page, {"slug": "about"}, name="about"),
    path("about/people/", views.page, {"slug": "people"}, name="people"),
    path("about/history/", views.page, {"slug": "history"}, name="history"),
    path("press/", views.page, {"slug": "press"}, name="press"),
    path("contact/", views.page, {"slug": "contact"}, name="contact"),
    path("privacy/", views.page, {"slug": "privacy"}, name="privacy"),
    path("cookies/", views.page, {"slug": "cookies"}, name="cookies"),
    path("accessibility/", views.page, {"slug": "accessibility"}, name="accessibility"),
]
