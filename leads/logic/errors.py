"""The ways an operation is refused. Doors map them once: 404, 403, 409, 412, 400."""


class LeadLoopError(Exception):
    """A refusal that can be shown to the person who asked; nothing was written."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(LeadLoopError):
    """It does not exist, or this person may not know that it does: the two look alike."""


class NotAllowed(LeadLoopError):
    """The person may see it, but not do this with it."""


class StateConflict(LeadLoopError):
    """Somebody or something was first; the message says who did what, and when."""


class Changed(StateConflict):
    """It is no longer what the caller read; the message says what it is now."""


class InvalidInput(LeadLoopError):
    """What was given cannot be taken; `field` names the input that has to change."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field
