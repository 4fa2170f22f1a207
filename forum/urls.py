"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from forum import views
from members import urls as members

urlpatterns = [
    path("", views.home, name="home"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", views.site_map, name="sitemap"),
    path("health/live/", views.live, name="live"),
    path("health/ready/", views.ready, name="ready"),
    path("admin/", admin.site.urls),
    path("", include(members.sign_in)),
    path("", include("members.urls")),
    path("", include("meetings.urls")),
    path("communities/", include("communities.urls")),
    path("", include("publications.urls")),
    path("share/<slug:slug>.png", views.share, name="share"),
    path("share/news/<slug:slug>.png", views.share_news, name="share-news"),
    path("share/meetings/<school_year:year>/<slug:slug>.png", views.share_meeting, name="share-meeting"),
]

if settings.ENVIRONMENT == "development":
    urlpatterns += [path("styleguide/", include("forum.styleguide.urls"))]

if settings.DEMO_MAILDIR and settings.ENVIRONMENT == "development":
    urlpatterns += [path("demo/", include("forum.demo.urls"))]

handler500 = "forum.views.server_error"
