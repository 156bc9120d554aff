"""Demo data, keys and uids for the fuzzer, written as files into the folder given."""

import json
import os
import sys
from pathlib import Path

import django

OFFERED = 2000


def main(folder: Path) -> None:
    """An empty database becomes one with handoffs to decide on, and a key of each kind."""
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from feedback.logic.holds import REASONS
    from feedback.logic.states import State
    from feedback.models import Handoff, RejectionReason, Rep, Team
    from leads.actions import api_keys
    from leads.logic.actors import SYSTEM
    from leads.models import Account, Campaign, Engagement, Lead, Scope

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("load_demo", verbosity=0)
    limits = api_keys.Limits(reads_a_minute=api_keys.MOST_A_MINUTE, writes_a_minute=api_keys.MOST_A_MINUTE)
    service = api_keys.service_account("fuzzer", group="integrator")
    owners = {"all": (service, Scope.values), "intake": (service, ["intake"]), "read": (service, ["read"])}
    owners["rep"] = (User.objects.get(username="sam"), Scope.values)
    keys = {
        name: api_keys.make(user, name=name, scopes=scopes, by=SYSTEM, limits=limits)[1]
        for name, (user, scopes) in owners.items()
    }
    (folder / "keys.json").write_text(json.dumps(keys))
    _offer_more()
    models = {
        "handoffs": Handoff.objects,
        "open": Handoff.objects.filter(state__in=[State.PENDING, State.ACCEPTED, State.QUALIFIED]),
        "reps": Rep.objects,
        "teams": Team.objects,
        "leads": Lead.objects,
        "accounts": Account.objects,
        "campaigns": Campaign.objects,
        "engagements": Engagement.objects,
    }
    uids = {name: [str(uid) for uid in rows.values_list("uid", flat=True)[:3000]] for name, rows in models.items()}
    # Those of a rejection and those of a hold: where the one is asked for, the other has to be refused.
    uids["reasons"] = [*RejectionReason.objects.filter(is_live=True).values_list("key", flat=True), *REASONS]
    (folder / "uids.json").write_text(json.dumps(uids))
    call_command("spectacular", format="openapi-json", file=str(folder / "openapi.json"))


def _offer_more() -> None:
    """Handoffs that wait for an answer, some of them accepted: those of the demo would soon be used up."""
    from django.contrib.auth.models import User

    from feedback.actions import decisions, offers
    from feedback.actions.offer_input import OfferInput
    from feedback.models import person_of
    from leads.actions.people import LeadInput

    mia, sam = (person_of(User.objects.get(username=name), via="command") for name in ("mia", "sam"))
    inputs = [
        OfferInput(lead=LeadInput(email=f"{n}@fuzz{n}.example", name=f"Lead {n}"), owner="sam" if n % 2 else "")
        for n in range(OFFERED)
    ]
    results = offers.offer_many(inputs, by=mia)
    for number, result in enumerate(results):
        if result.handoff and number % 4 == 1:
            decisions.accept(result.handoff.uid, by=sam)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(Path(sys.argv[1]))
