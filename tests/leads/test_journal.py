"""The journal can be added to, and nothing else, whoever asks the database."""

import pytest
from django.db import DatabaseError, connection, transaction

from leads.models import JournalEntry
from tests.factories import RepFactory, offered

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leads_journalentry SET kind = 'handoff.accepted'",
        "DELETE FROM leads_journalentry",
        "TRUNCATE leads_journalentry CASCADE",
    ],
)
def test_the_database_refuses(statement):
    offered(RepFactory())
    before = list(JournalEntry.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(JournalEntry.objects.values()) == before


def test_a_user_who_leaves_stays_in_the_record():
    handoff = offered(RepFactory())
    entry = JournalEntry.objects.get(handoff_uid=handoff.uid)
    assert (entry.actor, entry.actor_label, entry.via) == (None, "LeadLoop", "system")
