"""Addresses of the pages of feedback."""

from django.urls import URLPattern, URLResolver, include, path

from feedback import views_absences, views_agreements, views_board, views_decisions, views_holds, views_queue

app_name = "feedback"
_HANDOFF = "handoffs/<uuid:uid>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views_queue.start, name="start"),
    path("queue/", views_queue.queue, name="queue"),
    path("working/", views_queue.working, name="working"),
    path("leads/<uuid:uid>/", views_queue.lead, name="lead"),
    path(_HANDOFF, views_queue.handoff, name="handoff"),
    path(f"{_HANDOFF}accept/", views_decisions.accept, name="handoff-accept"),
    path(f"{_HANDOFF}reject/", views_decisions.reject, name="handoff-reject"),
    path(f"{_HANDOFF}return/", views_decisions.return_after_work, name="handoff-return"),
    path(f"{_HANDOFF}turn-back/", views_decisions.turn_back, name="handoff-turn-back"),
    path(f"{_HANDOFF}log/", views_decisions.log, name="handoff-log"),
    path(f"{_HANDOFF}qualify/", views_decisions.qualify, name="handoff-qualify"),
    path(f"{_HANDOFF}outcome/", views_decisions.outcome, name="handoff-outcome"),
    path(f"{_HANDOFF}undo/", views_decisions.undo, name="handoff-undo"),
    path(f"{_HANDOFF}take/", views_decisions.take, name="handoff-take"),
    path(f"{_HANDOFF}reassign/", views_decisions.reassign, name="handoff-reassign"),
    path(f"{_HANDOFF}release/", views_decisions.release, name="handoff-release"),
    path(f"{_HANDOFF}raise/", views_decisions.raise_one, name="handoff-raise"),
    path(f"{_HANDOFF}hold/", views_holds.hold, name="handoff-hold"),
    path(f"{_HANDOFF}resume/", views_holds.resume, name="handoff-resume"),
    path(f"{_HANDOFF}answer/", views_holds.answer, name="handoff-answer"),
    path("questions/", views_holds.questions, name="questions"),
    path("absences/", views_absences.absences, name="absences"),
    path("absences/<uuid:uid>/remove/", views_absences.remove, name="absence-remove"),
    path("absences/of/<uuid:uid>/unbench/", views_absences.unbench, name="absence-unbench"),
    path("board/", views_board.board, name="board"),
    path("board/reassign/", views_board.reassign_many, name="board-reassign"),
    path("board/release/", views_board.release_many, name="board-release"),
    path("board/do/<slug:key>/", views_board.deed_many, name="board-deed"),
    path("board/raise/", views_board.raise_many, name="board-raise"),
    path("agreement/", views_agreements.agreement, name="agreement"),
    path("agreement/<int:number>/", views_agreements.version, name="agreement-version"),
    path("agreement/compare/", views_agreements.compare, name="agreement-compare"),
    path("agreement/draft/", views_agreements.draft, name="agreement-draft"),
    path("agreement/draft/edit/", views_agreements.edit, name="agreement-edit"),
    path("agreement/draft/sign/", views_agreements.sign, name="agreement-sign"),
    path("agreement/draft/unsign/", views_agreements.unsign, name="agreement-unsign"),
    path("agreement/draft/publish/", views_agreements.publish, name="agreement-publish"),
    path("agreement/draft/discard/", views_agreements.discard, name="agreement-discard"),
    path("", include("feedback.urls_reports")),
]
