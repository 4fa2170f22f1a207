"""Every address of the site."""

from allauth.account import views as allauth
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from forum import views

urlpatterns = [
    path("", views.home, name="home"),
    path("health/live/", views.live, name="live"),
    path("health/ready/", views.ready, name="ready"),
    path("sign-in/", allauth.request_login_code, name="account_login"),
    path("sign-in/", allauth.request_login_code, name="account_request_login_code"),
    path("sign-in/code/", allauth.confirm_login_code, name="account_confirm_login_code"),
    path("sign-out/", allauth.logout, name="account_logout"),
    path("sign-in/closed/", allauth.account_inactive, name="account_inactive"),
    path("join/", login_not_required(RedirectView.as_view(pattern_name="home")), name="account_signup"),
    path("admin/", admin.site.urls),
    path("", include("members.urls")),
    path("", include("meetings.urls")),
    path("communities/", include("communities.urls")),
    path("guides/", include("publications.urls")),
]

if settings.DEMO_MAILDIR and settings.ENVIRONMENT == "development":
    urlpatterns += [path("demo/inbox/", include("forum.demo.urls"))]
