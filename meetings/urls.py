"""Addresses of the second storey. Years read «2025-26»."""

from django.urls import path, register_converter

from meetings import views
from meetings.converters import SchoolYear

register_converter(SchoolYear, "school_year")

app_name = "meetings"
urlpatterns = [
    path("meetings/", views.year_now, name="year-now"),
    path("meetings/dates.ics", views.dates_feed, name="dates-feed"),
    path("meetings/for-it/", views.for_it, name="for-it"),
    path("feed/<str:token>.ics", views.feed, name="feed"),
    path("feed/<str:token>/", views.feed_page, name="feed-page"),
    path("me/calendar/", views.calendar, name="calendar"),
    path("meetings/<school_year:year>/", views.year, name="year"),
    path("meetings/<school_year:year>/dates.ics", views.dates_file, name="dates-file"),
    path("meetings/<school_year:year>/<slug:slug>/", views.meeting, name="meeting"),
    path("meetings/<school_year:year>/<slug:slug>/meeting.ics", views.meeting_file, name="meeting-file"),
    path("r/<str:token>/", views.answer, name="answer"),
    path("r/<str:token>/meeting.ics", views.answer_file, name="answer-file"),
]
