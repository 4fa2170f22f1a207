"""Addresses of the first storey."""

from django.urls import path

from members import views

app_name = "members"
urlpatterns = [path("mail/<str:token>/", views.mail, name="mail")]
