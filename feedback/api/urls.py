"""The addresses of the API on handoffs."""

from django.urls import path

from feedback.api import verbs, views

app_name = "api"
urlpatterns = [
    path("handoffs/", views.HandoffsView.as_view(), name="handoffs"),
    path("handoffs/<uuid:uid>/", views.HandoffView.as_view(), name="handoff"),
    path("handoffs/<uuid:uid>/accept/", verbs.AcceptView.as_view(), name="handoff-accept"),
    path("handoffs/<uuid:uid>/reject/", verbs.RejectView.as_view(), name="handoff-reject"),
    path("handoffs/<uuid:uid>/return/", verbs.ReturnView.as_view(), name="handoff-return"),
    path("handoffs/<uuid:uid>/turn-back/", verbs.TurnBackView.as_view(), name="handoff-turn-back"),
    path("handoffs/<uuid:uid>/log-attempt/", verbs.LogAttemptView.as_view(), name="handoff-log-attempt"),
    path("handoffs/<uuid:uid>/qualify/", verbs.QualifyView.as_view(), name="handoff-qualify"),
    path("handoffs/<uuid:uid>/outcome/", verbs.OutcomeView.as_view(), name="handoff-outcome"),
    path("handoffs/<uuid:uid>/undo/", verbs.UndoView.as_view(), name="handoff-undo"),
    path("handoffs/<uuid:uid>/reassign/", verbs.ReassignView.as_view(), name="handoff-reassign"),
    path("handoffs/<uuid:uid>/take/", verbs.TakeView.as_view(), name="handoff-take"),
    path("handoffs/<uuid:uid>/recall/", verbs.RecallView.as_view(), name="handoff-recall"),
    path("reasons/", views.ReasonsView.as_view(), name="reasons"),
]
