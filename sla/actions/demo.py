"""Loading the demo: everything that happens to a handoff goes through the same actions as a click."""

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from itertools import batched
