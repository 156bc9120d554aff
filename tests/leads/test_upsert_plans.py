"""How PostgreSQL looks for the leads of a batch: by index, whatever the size of the table."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.actions.people import LeadInput, clean_lead, keep_leads

pytestmark = pytest.mark.django_db


def lead(number: int) -> LeadInput:
    return clean_lead(
        LeadInput(external_system="crm", external_id=f"L{number}", email=f"person{number}@nortex.example")
    )


def plan(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(step for (step,) in cursor.fetchall())


@pytest.mark.parametrize("number", [0, 1], ids=["known", "new"])
def test_leads_are_found_by_index_for_each_kind_of_key(number: int) -> None:
    keep_leads([lead(0)])
    with CaptureQueriesContext(connection) as captured:
        keep_leads([lead(number)])
    looks = [one["sql"] for one in captured if one["sql"].startswith("SELECT") and 'FROM "leads_lead"' in one["sql"]]
    with connection.cursor() as cursor:
        # One condition for two kinds of keys takes a bitmap, which the planner gives up for some sizes of the table:
        # then each row is held against each value.
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert len(looks) == 1 + number
    assert [look for look in looks if "Seq Scan" in plan(look)] == []
