"""The journal cannot be rewritten: the database itself refuses, whoever asks."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION leads_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON leads_journalentry
    FOR EACH ROW EXECUTE FUNCTION leads_refuse_change();
CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON leads_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION leads_refuse_change();
"""

ALLOW = """
DROP TRIGGER journal_append_only ON leads_journalentry;
DROP TRIGGER journal_no_truncate ON leads_journalentry;
DROP FUNCTION leads_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
