"""Addresses of the pages of leads."""

from django.contrib.auth.views import LogoutView
from django.urls import include, path

from leads import views

app_name = "leads"
urlpatterns = [
    path("", include("leads.urls_collect")),
    path("", include("leads.urls_imports")),
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("notices/", views.notice_list, name="notices"),
    path("notices/read/", views.notices_read, name="notices-read"),
    path("zone/", views.zone, name="zone"),
]
