"""Addresses of the demo's inbox; there are none outside a demo."""

from django.urls import path

from forum.demo import inbox

app_name = "demo"
urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("<str:name>/", inbox.message, name="message"),
    path("<str:name>/html/", inbox.html, name="html"),
    path("<str:name>/source/", inbox.source, name="source"),
]
