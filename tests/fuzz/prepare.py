"""Demo data, keys and uids for the fuzzer, written as files into the folder given."""

import json
import os
import sys
from pathlib import Path

import django


def main(folder: Path) -> None:
    """An empty database becomes one with handoffs to decide on, and a key of each kind."""
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from feedback.models import Handoff, Rep
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
    models = {
        "handoffs": Handoff,
        "reps": Rep,
        "leads": Lead,
        "accounts": Account,
        "campaigns": Campaign,
        "engagements": Engagement,
    }
    uids = {
        name: [str(uid) for uid in model.objects.values_list("uid", flat=True)[:400]] for name, model in models.items()
    }
    (folder / "uids.json").write_text(json.dumps(uids))
    call_command("spectacular", format="openapi-json", file=str(folder / "openapi.json"))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(Path(sys.argv[1]))
