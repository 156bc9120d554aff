"""Addresses of the pages of leads."""

from django.contrib.auth.views import LogoutView
from django.urls import include, path

from leads import views, views_password

app_name = "leads"
urlpatterns = [
    path("", include("leads.urls_collect")),
    path("", include("leads.urls_imports")),
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", views_password.PasswordView.as_view(), name="password"),
    path("password/others/", views_password.end_others, name="sessions-end"),
    path("password/forgotten/", views_password.forgotten, name="password-forgotten"),
    path("password/asked/", views_password.asked, name="password-asked"),
    path("password/new/<uidb64>/<token>/", views_password.NewPasswordView.as_view(), name="password-new"),
    path("notices/", views.notice_list, name="notices"),
    path("notices/read/", views.notices_read, name="notices-read"),
    path("zone/", views.zone, name="zone"),
]
