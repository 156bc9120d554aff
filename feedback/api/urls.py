"""The addresses of the API on handoffs."""

from django.urls import path

from feedback.api import absences, agreements, decide, routing, verbs, views

app_name = "api"
urlpatterns = [
    path("handoffs/", views.HandoffsView.as_view(), name="handoffs"),
    path("handoffs/decide/", decide.DecideView.as_view(), name="handoffs-decide"),
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
    path("handoffs/<uuid:uid>/hold/", verbs.HoldView.as_view(), name="handoff-hold"),
    path("handoffs/<uuid:uid>/answer/", verbs.AnswerView.as_view(), name="handoff-answer"),
    path("handoffs/<uuid:uid>/resume/", verbs.ResumeView.as_view(), name="handoff-resume"),
    path("handoffs/<uuid:uid>/release/", verbs.ReleaseView.as_view(), name="handoff-release"),
    path("handoffs/<uuid:uid>/raise/", verbs.RaiseView.as_view(), name="handoff-raise"),
    path("handoffs/<uuid:uid>/meet/", routing.MeetView.as_view(), name="handoff-meet"),
    path("handoffs/<uuid:uid>/uphold/", routing.UpholdView.as_view(), name="handoff-uphold"),
    path("handoffs/<uuid:uid>/unuphold/", routing.UnupholdView.as_view(), name="handoff-unuphold"),
    path("routing/preview/", routing.RoutingPreviewView.as_view(), name="routing-preview"),
    path("account-owners/", routing.AccountOwnersView.as_view(), name="account-owners"),
    path("reps/<uuid:uid>/absences/", absences.AbsencesView.as_view(), name="absences"),
    path("reps/<uuid:uid>/absences/<uuid:absence_uid>/", absences.AbsenceView.as_view(), name="absence"),
    path("agreement/", agreements.AgreementInForceView.as_view(), name="agreement"),
    path("agreements/<int:number>/", agreements.AgreementView.as_view(), name="agreement-version"),
    path("reasons/", views.ReasonsView.as_view(), name="reasons"),
]
