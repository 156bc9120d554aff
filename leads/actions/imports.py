"""Taking files in: a run for each file and mapping, resumed where it stopped."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AbstractUser, AnonymousUser
from django.db import connection, transaction

from leads.actions.import_files import discard_files, opener_of
from leads.actions.import_kinds import ALL_OR_NOTHING, ImportKind, all_kinds, kind_named
from leads.actions.import_source import Source, mapping_for
from leads.actions.import_steps import OPEN, Job, Told, at_once, end, in_chunks, survey
from leads.logic.actors import Actor
from leads.logic.errors import LeadLoopError, NotFound, StateConflict
from leads.models import ImportRun, RunState

_log = logging.getLogger(__name__)

# How long a worker may hold the transaction of a dry run or of all or nothing; intake of the same people waits for it.
_AT_ONCE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A file to be taken in. `file_path` is where LeadLoop keeps an upload; "" for a file that only a command can
    reach.
    """

    kind: str
    file_name: str
    file_digest: str
    file_path: str = ""
    mapping: str = ""
    is_dry_run: bool = False


def kinds_of(user: AbstractBaseUser | AnonymousUser) -> list[ImportKind]:
    """The kinds that this user may import by page, in order; one statement. A superuser may what operations may."""
    if not isinstance(user, AbstractUser) or not user.is_active:
        return []
    roles = set(user.groups.values_list("name", flat=True)) | ({"operations"} if user.is_superuser else set())
    return [kind for kind in all_kinds() if kind.roles & roles]


@transaction.atomic
def begin(asked: RunRequest, *, by: Actor) -> ImportRun:
    """The run of this file under this mapping: the open one where there is one, else a new one that waits.

    NotFound for an unknown kind, InvalidInput(mapping). Holds others with the same file until the transaction ends.
    """
    mapping_for(kind_named(asked.kind), asked.mapping)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [asked.file_digest])
    same = ImportRun.objects.filter(
        kind=asked.kind,
        file_digest=asked.file_digest,
        mapping=asked.mapping,
        is_dry_run=asked.is_dry_run,
        state__in=OPEN,
    )
    # A command's file and an upload are within reach of different processes.
    same = same.exclude(file_path="") if asked.file_path else same.filter(file_path="")
    return same.order_by("pk").first() or ImportRun.objects.create(
        kind=asked.kind,
        file_name=asked.file_name[:255],
        file_path=asked.file_path,
        file_digest=asked.file_digest,
        mapping=asked.mapping,
        is_dry_run=asked.is_dry_run,
        started_by_id=by.user_id,
    )


def go_on(run: ImportRun, source: Source, *, told: Told | None = None, deadline: float = float("inf")) -> ImportRun:
    """The run after what could be done until `deadline` (time.monotonic). `told` hears of the run after each chunk.

    The first call reads the whole file and refuses it before work when it is no CSV or does not fit. A run that comes
    back open before the deadline is in somebody else's hands. Raises OperationalError when the database fails: calling
    again goes on.
    """
    job = Job(
        run_id=run.pk,
        kind=kind_named(run.kind),
        source=source,
        by=_importer(run),
        told=told or (lambda run: None),
        deadline=deadline,
    )
    if run.state == RunState.WAITING:
        run = survey(job)
    if run.state != RunState.RUNNING:
        return run
    return at_once(job) if is_at_once(run, source) else in_chunks(job)


def is_at_once(run: ImportRun, source: Source) -> bool:
    """Whether the file goes through one transaction: a dry run, or all or nothing."""
    return run.is_dry_run or ALL_OR_NOTHING in source.mapping.options


def with_option(mapping: str, name: str) -> str:
    """The mapping's text with a switch turned on; before everything else, because TOML's tables come last."""
    return mapping if f"{name} = true" in mapping else f"{name} = true\n{mapping}"


def cancel(uid: UUID) -> ImportRun:
    """The run, stopped at the border of the chunk that is being taken in; what is in stays in.

    NotFound, StateConflict when it has ended already. Locks the run, and so waits for the chunk.
    """
    run = ImportRun.objects.filter(uid=uid).first()
    if run is None:
        raise NotFound("There is no such import.")
    if run.state not in OPEN:
        raise StateConflict(f"This import is {run.get_state_display()} already.")
    return end(run, RunState.CANCELLED)


def work(*, seconds: float) -> int:
    """How many uploads were worked on for about `seconds` in all; each that is open gets a share, two workers share
    them out.

    A file that cannot be read, or whose importer may no longer import it, is refused; one that fails is logged and
    tried again.
    """
    stop = time.monotonic() + seconds
    waiting = list(ImportRun.objects.filter(state__in=OPEN).exclude(file_path="").order_by("created_at"))
    for at, run in enumerate(waiting):
        share = max(1.0, (stop - time.monotonic()) / (len(waiting) - at))
        try:
            _work_on(run, seconds=share)
        except Exception:  # noqa: BLE001 - one file must not keep the worker from the others
            _log.exception("import %s could not go on; it is tried again", run.uid)
        if time.monotonic() >= stop:
            break
    discard_files()
    return len(waiting)


def _work_on(run: ImportRun, *, seconds: float) -> None:
    if not _is_free(run):
        return
    try:
        kind = kind_named(run.kind)
        source = Source(opener_of(run.file_path), kind=kind, mapping=mapping_for(kind, run.mapping))
    except LeadLoopError as error:
        end(run, RunState.REFUSED, error=error.message)
        return
    if run.started_by is None or kind not in kinds_of(run.started_by):
        end(run, RunState.CANCELLED, error="Who started this import may no longer import such files.")
        return
    try:
        go_on(run, source, deadline=time.monotonic() + (_AT_ONCE_SECONDS if is_at_once(run, source) else seconds))
    except FileNotFoundError:
        end(run, RunState.CANCELLED, error="The uploaded file is gone. Upload it again to go on.")


def _is_free(run: ImportRun) -> bool:
    """Whether nobody is taking in a chunk of it right now; asked so that a second worker turns to the next file."""
    with transaction.atomic():
        return ImportRun.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=run.pk).exists()


def _importer(run: ImportRun) -> Actor:
    user = run.started_by
    label = (user.get_full_name() or user.get_username()) if user else "Import"
    return Actor(user_id=user.pk if user else None, label=label, via="import")
