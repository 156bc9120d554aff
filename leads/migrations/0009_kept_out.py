"""What was kept out of forms, when a website was last heard of, and where its visitors came from."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0008_likeness")]
    operations = [
        migrations.AddField("website", "last_view_at", models.DateTimeField(null=True, blank=True)),
        migrations.AddField("visitor", "came_from", models.CharField(max_length=400, blank=True, db_default="")),
        migrations.CreateModel(
            name="KeptOut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("why", models.CharField(max_length=20)),
                ("happened_on", models.DateField()),
                ("count", models.PositiveIntegerField()),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept_out",
                        to="leads.webform",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("form", "happened_on", "why"), name="kept_out_once"),
                ],
            },
        ),
    ]
