"""Turns given back because a rejection was upheld, and how many were taken on which day."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0008_plans_of_the_past"),
    ]

    operations = [
        migrations.AddField(
            model_name="turn",
            name="owed",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="TurnDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("taken_on", models.DateField()),
                ("count", models.PositiveIntegerField()),
                (
                    "turn",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="feedback.turn",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("turn", "taken_on"), name="turn_day_once")],
            },
        ),
    ]
