"""Addresses of the demo's inbox and its authenticator app; there are none outside a demo."""

from django.urls import path

from forum.demo import authenticator, inbox

app_name = "demo"
urlpatterns = [
    path("authenticator/", authenticator.page, name="authenticator"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<str:name>/", inbox.message, name="message"),
    path("inbox/<str:name>/html/", inbox.html, name="html"),
    path("inbox/<str:name>/source/", inbox.source, name="source"),
]
