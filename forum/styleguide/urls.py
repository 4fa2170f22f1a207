"""Addresses of the style guide; there are none outside development."""

from django.urls import path

from forum.styleguide import flow, letters, pages

app_name = "styleguide"
urlpatterns = [
    path("", pages.components, name="components"),
    path("mail/", letters.overview, name="mail"),
    path("mail/<slug:kind>/", letters.html, name="mail-html"),
    path("flow/", flow.begin, name="flow"),
    path("flow/check/", flow.check, name="flow-check"),
    path("flow/done/", flow.done, name="flow-done"),
    path("flow/<slug:key>/", flow.question, name="flow-question"),
]
