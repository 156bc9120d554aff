"""The addresses of the API on promises."""

from django.urls import path

from sla.api import views

app_name = "sla-api"
urlpatterns = [
    path("handoffs/<uuid:uid>/acknowledge/", views.AcknowledgeView.as_view(), name="handoff-acknowledge"),
]
