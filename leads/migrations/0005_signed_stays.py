"""A published agreement cannot be rewritten: handoffs were made under it. Only its end can be noted."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION leads_agreement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'in_force' AND NEW.state = 'ended'
       AND to_jsonb(NEW) - 'state' - 'ended_at' = to_jsonb(OLD) - 'state' - 'ended_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of agreement % is refused: it is published', TG_OP, OLD.number
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER agreement_stays BEFORE UPDATE OR DELETE ON leads_agreement
    FOR EACH ROW EXECUTE FUNCTION leads_agreement_stays();
CREATE FUNCTION leads_signature_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM leads_agreement WHERE id = OLD.agreement_id AND state <> 'draft') THEN
        RAISE EXCEPTION '% of a signature is refused: its agreement is published', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER signature_stays BEFORE UPDATE OR DELETE ON leads_signoff
    FOR EACH ROW EXECUTE FUNCTION leads_signature_stays();
-- Counters of the last minutes: nothing is lost with them, and writing them twice would cost every request.
ALTER TABLE leads_allowance SET UNLOGGED;
"""

ALLOW = """
ALTER TABLE leads_allowance SET LOGGED;
DROP TRIGGER signature_stays ON leads_signoff;
DROP FUNCTION leads_signature_stays();
DROP TRIGGER agreement_stays ON leads_agreement;
DROP FUNCTION leads_agreement_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_intake")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
