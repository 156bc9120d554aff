"""Companies are found by their marks alone: a search by letters grows with the number of companies."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("leads", "0010_newest_first")]
    operations = [
        migrations.RemoveIndex("likeness", name="likeness_company_name"),
        migrations.RemoveField("likeness", "name"),
        # What has been compared by letters is compared by marks.
        migrations.RunSQL(
            "INSERT INTO leads_changed (account_id) SELECT account_id FROM leads_likeness WHERE account_id IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
