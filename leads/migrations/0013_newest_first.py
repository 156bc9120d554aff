"""Lists of the API begin with the newest row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0012_visits_of_a_visitor"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["-created_at", "-uid"], name="account_newest"),
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(fields=["-created_at", "-uid"], name="campaign_newest"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["-created_at", "-uid"], name="lead_newest"),
        ),
    ]
