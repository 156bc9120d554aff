"""The verbs on the promises of one handoff."""

from feedback.api import schema
from feedback.api.verbs import VerbView
from leads.api.fields import Shape, Text
from sla.actions.acknowledge import acknowledge


class AcknowledgeShape(Shape):
    examples = {"With a note": {"note": "I call them myself"}}
    note = Text(required=False)


@schema.verb(AcknowledgeShape, "Stop the further steps of the handoff's ladders: a manager deals with it.")
class AcknowledgeView(VerbView):
    given = AcknowledgeShape
    verb = staticmethod(acknowledge)
