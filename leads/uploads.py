"""Receiving large files: into a temporary file that vanishes by itself, and never more than was promised."""

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest

from leads.actions.import_files import MOST_BYTES
from leads.logic.errors import InvalidInput

# What the other fields of the form may take besides the file.
_BESIDE = 1024 * 1024


class CappedUpload(TemporaryFileUploadHandler):
    """Stops reading at MOST_BYTES, whatever length the client announced. Raises InvalidInput(file) while the form
    is read.
    """

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write one block away."""
        self.received += len(raw_data)
        if self.received > MOST_BYTES:
            self.file.close()
            raise too_large()
        super().receive_data_chunk(raw_data, start)


def limit_upload(request: HttpRequest) -> None:
    """Have this request's files come through CappedUpload. Before anything reads the form. InvalidInput(file) when
    too large.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MOST_BYTES + _BESIDE:
        raise too_large()
    request.upload_handlers = [CappedUpload(request)]


def too_large() -> InvalidInput:
    """What is said about a file that is too large."""
    return InvalidInput(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB; split it.", field="file")
