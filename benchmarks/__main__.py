"""`./dev bench [NAME ...]`: what the product costs, as ratios inside one run, on a database made for it.

Absolute figures are this machine's and swing; the ratios compare the same work, with the same result, in the same run.
LEADLOOP_BENCH_HANDOFFS (default 1000000) makes a smaller company.
"""

import gc
import importlib
import sys

import django
from django.conf import settings
from django.db import connection

NAMES = (
    "business_time",
    "calendar_edit",
    "sweep",
    "decision",
    "queue",
    "imports",
    "intake",
    "replay",
    "scoring",
    "journey",
)


def main(names: list[str]) -> None:
    """Print what each benchmark measured, a line each."""
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.")
    django.setup()
    settings.DEBUG = False
    gc.freeze()  # as the web process does
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        for name in names or NAMES:
            print(f"\n{name}", flush=True)
            for what, figure, unit in importlib.import_module(f"benchmarks.{name}").run():
                print(f"  {what:<58} {figure:>14,.2f}  {unit}", flush=True)
    finally:
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


if __name__ == "__main__":
    main(sys.argv[1:])
