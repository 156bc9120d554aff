"""An index to count the handoffs of each version of the agreement by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0005_signed_stays"),
        ("feedback", "0009_turns_owed"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("agreement__isnull", False)),
                fields=["agreement", "offered_at"],
                include=("state", "is_void"),
                name="handoff_of_agreement",
            ),
        ),
    ]
