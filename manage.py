#!/usr/bin/env python
"""Django's command line. `./dev manage ...` runs it with the project's own database and environment."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Commands migrate, import and seed: the short time-outs that guard pages would cut them off (config/settings.py).
    os.environ.setdefault("LEADLOOP_ROLE", "command")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
