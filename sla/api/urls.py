"""The addresses of the API on promises."""

from django.urls import path

from sla.api import clocks, views

app_name = "sla-api"
urlpatterns = [
    path("handoffs/<uuid:uid>/clocks/", clocks.ClocksView.as_view(), name="handoff-clocks"),
    path("handoffs/<uuid:uid>/acknowledge/", views.AcknowledgeView.as_view(), name="handoff-acknowledge"),
]
