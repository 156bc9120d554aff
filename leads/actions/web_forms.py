"""Taking in what somebody filled in on a website."""

from dataclasses import replace

from django.db import transaction

from leads.actions import journal
from leads.actions.allowances import spend
from leads.actions.clock import database_now
from leads.actions.engagements import EngagementInput, clean_engagement, keep_engagements
from leads.actions.people import AccountInput, CampaignInput, LeadInput
from leads.actions.websites import visitor_of
from leads.logic.actors import Actor
from leads.logic.domains import is_free_mail
from leads.logic.web_form import Filled
from leads.models import Account, Consent, EngagementKind, Lead, WebForm

TOKEN_LASTS_SECONDS = 3600


@transaction.atomic
def take_form(form: WebForm, filled: Filled, *, visitor: str, token: str, origin: str) -> bool:
    """Whether it was taken: a token stands for one sending of one form, and a second one changes nothing.

    A stranger can write anybody's address into a form, so what is known already stays as it is: a form adds what was
    missing. Nobody who opted out is opted in again by it. A fixed number of statements. InvalidInput(<field>). Locks as
    keep_engagements. Sends engaged.
    """
    if spend(f"form-token:{token}", limit=1, seconds=TOKEN_LASTS_SECONDS):
        return False
    now = database_now()
    given = EngagementInput(
        kind=EngagementKind.FORM,
        occurred_at=now,
        lead=_lead(filled),
        visitor=visitor_of(form.website, visitor) if visitor else None,
        campaign=_campaign(form),
        subject=form.name,
        url=origin,
    )
    (kept,) = keep_engagements([clean_engagement(given, now=now)])
    if filled.message:
        lead = kept.row.lead
        assert lead is not None
        entry = journal.Entry(
            kind="form.filled",
            by=Actor(user_id=None, label=form.name, via="form"),
            at=now,
            lead_uid=lead.uid,
            data={"form": str(form.uid), "name": form.name},
            note=filled.message,
        )
        journal.record(entry)
    return True


def _lead(filled: Filled) -> LeadInput:
    """The person, with what is not known of them yet."""
    given = LeadInput(
        email=filled.email,
        name=filled.name,
        title=filled.title,
        phone=filled.phone,
        country=filled.country,
        language=filled.language,
        product=filled.product,
        consent=Consent.OPT_IN if filled.consent else "",
        account=_account(filled),
    )
    known = Lead.objects.filter(email=filled.email).first()
    if known is None:
        return given
    asked = ("name", "title", "phone", "country", "language", "product")
    blank = {name: "" for name in asked if getattr(known, name)}
    if known.consent != Consent.UNKNOWN:
        blank["consent"] = ""
    return replace(given, account=None if known.account_id else given.account, **blank)


def _account(filled: Filled) -> AccountInput | None:
    """The company of the mail address, else the one they named; a company that is known keeps its name."""
    domain = filled.email.rpartition("@")[2]
    if not is_free_mail(domain):
        is_known = bool(filled.company) and Account.objects.filter(domain=domain).exists()
        return AccountInput(domain=domain, name="" if is_known else filled.company)
    return AccountInput(name=filled.company) if filled.company else None


def _campaign(form: WebForm) -> CampaignInput | None:
    campaign = form.campaign
    if campaign is None:
        return None
    if campaign.external_id:
        return CampaignInput(external_system=campaign.external_system, external_id=campaign.external_id)
    return CampaignInput(name=campaign.name)
