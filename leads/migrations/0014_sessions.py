"""Sessions with their user, and user names that differ by more than their case."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0013_newest_first"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("user_id", models.IntegerField(null=True)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
                "indexes": [models.Index(fields=["user_id", "-expire_date"], name="session_of_user")],
            },
        ),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX auth_user_username_any_case ON auth_user (upper(username))",
            "DROP INDEX auth_user_username_any_case",
        ),
    ]
