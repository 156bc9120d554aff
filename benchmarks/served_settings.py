"""The site's settings on the database that the benchmarks made, with the ping beside the site."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES

ROOT_URLCONF = "benchmarks.ping"
DATABASES["default"]["NAME"] = os.environ["LEADLOOP_BENCH_DATABASE"]
