"""Addresses of the pages of sla."""

from django.urls import path

from sla import views, views_acknowledge, views_attainment

app_name = "sla"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("sla/handoffs/<uuid:uid>/acknowledge/", views_acknowledge.acknowledge, name="acknowledge"),
    path("sla/promises/", views_attainment.page, name="attainment"),
    path("sla/promises.csv", views_attainment.csv, name="attainment-csv"),
]
