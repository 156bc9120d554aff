"""What the page says of a quarter that the worker works out: how far it is, what it found, or why it found nothing."""

from feedback.logic.outlook import Quarter
from feedback.models import OutlookRun, OutlookState
from feedback.pages.outlook import OutlookWords, words_around, words_of
from feedback.reports.outlook import from_dict
from leads.logic.agreement import Agreement


def words_of_run(
    run: OutlookRun, quarter: Quarter, draft: Agreement, before: tuple[str, Agreement] | None
) -> OutlookWords:
    """The run in words; once it is done the same ones as those of a quarter that a page can replay itself.

    `before` is the agreement in force: its name and its text.
    """
    if run.state == OutlookState.DONE:
        found = from_dict(run.result or {}, quarter=quarter, now=run.asked_at)
        return words_of(found, draft, before, worked_out_at=run.finished_at)
    if run.state == OutlookState.FAILED:
        return words_around(quarter, failure=run.error)
    return words_around(quarter, share=run.share)
