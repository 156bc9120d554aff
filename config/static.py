"""How static files are compressed."""

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class QuickCompressor(Compressor):
    """Brotli at 9 instead of 11: a thirtieth of the time, a tenth more bytes on the largest file."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """The data, compressed."""
        return bytes(brotli.compress(data, quality=9))


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Names with a digest, kept for ever by browsers; a compressed copy beside each file."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """The compressor for one run of collectstatic."""
        return QuickCompressor(**kwargs)
