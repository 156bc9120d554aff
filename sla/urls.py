"""Addresses of the pages of sla."""

from django.urls import path

from sla import views, views_acknowledge, views_attainment, views_excuses, views_proofs, views_replays

app_name = "sla"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("sla/handoffs/<uuid:uid>/acknowledge/", views_acknowledge.acknowledge, name="acknowledge"),
    path("sla/promises/", views_attainment.page, name="attainment"),
    path("sla/promises.csv", views_attainment.csv, name="attainment-csv"),
    path("sla/handoffs/<uuid:uid>/proof/", views_proofs.proof, name="proof"),
    path("sla/handoffs/<uuid:uid>/excuses/", views_excuses.ask, name="excuse-request"),
    path("sla/excuses/", views_excuses.listing, name="excuses"),
    path("sla/excuses/<uuid:uid>/approve/", views_excuses.approve, name="excuse-approve"),
    path("sla/excuses/<uuid:uid>/refuse/", views_excuses.refuse, name="excuse-refuse"),
    path("sla/replays/", views_replays.replays, name="replays"),
    path("sla/replays/<uuid:uid>/", views_replays.replay, name="replay"),
    path("sla/replays/<uuid:uid>/figures.csv", views_replays.replay_csv, name="replay-csv"),
    path("sla/replays/<uuid:uid>/figures.json", views_replays.replay_json, name="replay-json"),
]
