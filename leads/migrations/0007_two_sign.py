"""Nobody signs an agreement for both sides, and nothing is signed after it was published."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

REFUSE = """
CREATE FUNCTION leads_signature_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM leads_agreement WHERE id = NEW.agreement_id AND state <> 'draft') THEN
        RAISE EXCEPTION 'a signature after the publication is refused'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_in_time BEFORE INSERT ON leads_signoff
    FOR EACH ROW EXECUTE FUNCTION leads_signature_in_time();
"""

ALLOW = """
DROP TRIGGER signature_in_time ON leads_signoff;
DROP FUNCTION leads_signature_in_time();
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("leads", "0006_touched_waits"),
    ]
    operations = [
        migrations.AlterField(
            model_name="agreement",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="signoff",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="signoff",
            constraint=models.UniqueConstraint(fields=("agreement", "user"), name="sign_off_by_two"),
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
