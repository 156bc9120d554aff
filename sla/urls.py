"""Addresses of the pages of sla."""

from django.urls import path

from sla import views

app_name = "sla"
urlpatterns = [path("", views.healthz, name="healthz")]
