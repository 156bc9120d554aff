"""The roles, and the reasons to begin with; both can be edited afterwards, and running this again adds only what is missing."""

import csv
from pathlib import Path

from django.db import migrations

ROLES = ("rep", "manager", "marketer", "operations", "integrator")
REASONS = Path(__file__).resolve().parent.parent / "data" / "reasons.csv"


def add_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


def add_reasons(apps, schema_editor):
    reason = apps.get_model("feedback", "RejectionReason")
    with REASONS.open(encoding="utf-8", newline="") as file:
        for position, row in enumerate(csv.DictReader(file), start=1):
            moments = row["moments"].split("|")
            reason.objects.get_or_create(
                key=row["key"],
                defaults={
                    "group": row["group"],
                    "label": row["label"],
                    "at_review": "review" in moments,
                    "after_attempts": "attempts" in moments,
                    "after_conversation": "conversation" in moments,
                    "remedy_owner": row["remedy_owner"],
                    "next_state": row["next_state"],
                    "cool_off_days": int(row["cool_off_days"]) if row["cool_off_days"] else None,
                    "return_condition": row["return_condition"],
                    "evidence_field": row["evidence_field"],
                    "evidence_required": row["evidence_required"] == "yes",
                    "counts_in_acceptance": row["counts_in_acceptance"] == "yes",
                    "informs_scoring": row["informs_scoring"] == "yes",
                    "position": position * 10,
                },
            )


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.RunPython(add_roles, migrations.RunPython.noop),
        migrations.RunPython(add_reasons, migrations.RunPython.noop),
    ]
