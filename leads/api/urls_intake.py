"""The addresses of the API on what marketing knows."""

from django.urls import path

from leads.api import intake, merging

app_name = "intake-api"
urlpatterns = [
    path("leads/", intake.LeadsView.as_view(), name="leads"),
    path("leads/<uuid:uid>/", intake.LeadView.as_view(), name="lead"),
    path("leads/<uuid:uid>/merge/", merging.MergeLeadsView.as_view(), name="lead-merge"),
    path("accounts/", intake.AccountsView.as_view(), name="accounts"),
    path("accounts/<uuid:uid>/", intake.AccountView.as_view(), name="account"),
    path("accounts/<uuid:uid>/merge/", merging.MergeAccountsView.as_view(), name="account-merge"),
    path("campaigns/", intake.CampaignsView.as_view(), name="campaigns"),
    path("campaigns/<uuid:uid>/", intake.CampaignView.as_view(), name="campaign"),
    path("engagements/", intake.EngagementsView.as_view(), name="engagements"),
    path("engagements/<uuid:uid>/", intake.EngagementView.as_view(), name="engagement"),
    path("duplicates/", merging.DuplicatesView.as_view(), name="duplicates"),
]
