"""Random calendars and instants, placed where clocks do strange things."""

from datetime import date, timedelta

from hypothesis import strategies as st

from tests.sla.logic.stepper import DAY_NAMES, utc

# A zone, and a date near which its clock does something.
STRANGE = (
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour twice
    ("Australia/Lord_Howe", date(2026, 10, 4)),  # half an hour skipped
    ("Asia/Kathmandu", date(1986, 1, 1)),  # a quarter of an hour skipped at midnight
    ("Pacific/Apia", date(2011, 12, 30)),  # a whole date skipped
    ("Pacific/Kwajalein", date(1993, 8, 21)),  # another
    ("America/Sao_Paulo", date(2018, 11, 4)),  # midnight skipped
    ("America/Sao_Paulo", date(2018, 2, 18)),  # the last hour of a date twice
    ("Europe/Dublin", date(2026, 3, 29)),  # winter time is the exception
    ("Europe/Dublin", date(2026, 10, 25)),
    ("Africa/Casablanca", date(2026, 2, 15)),  # Ramadan
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Pacific/Chatham", date(2026, 4, 5)),  # 12:45 and 13:45 ahead
    ("Pacific/Chatham", date(2026, 9, 27)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/Los_Angeles", date(2006, 4, 2)),
    ("Asia/Tehran", date(2022, 3, 22)),  # midnight skipped
    ("Asia/Beirut", date(2026, 10, 24)),
    ("Africa/Cairo", date(2024, 10, 31)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Caracas", date(2007, 12, 9)),
    ("Asia/Pyongyang", date(2018, 5, 4)),
    ("America/St_Johns", date(2008, 3, 9)),  # changed at 00:01
    ("Antarctica/Troll", date(2026, 3, 29)),  # two hours
    ("Europe/Lisbon", date(1992, 9, 27)),
    ("Asia/Kolkata", date(2026, 5, 1)),
    ("UTC", date(2026, 12, 31)),
)
DAYS_SEEN = 9
"""How long the stretch around such a date is, in days; it begins four days before."""


def text(minute):
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def hours(draw, *, overnight=True):
    """The intervals of one day: sorted, apart, now and then running past midnight."""
    edges = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True)))
    edges = [edge * 15 for edge in edges[: len(edges) // 2 * 2]]
    pairs = [[text(a), text(b)] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    if overnight and edges[-1] <= 22 * 60 and draw(st.booleans()):
        pairs.append([text(draw(st.integers(max(edges[-1], 18 * 60), 23 * 60 + 59))), text(draw(st.integers(1, 300)))])
    return pairs


def apart(days):
    """The days with early hours removed wherever the night before runs into them."""
    ordered = list(days)
    kept = {}
    for index, day in enumerate(ordered):
        eve = days[ordered[index - 1]] if index or len(ordered) == 7 else []
        until = max((b for a, b in eve if b < a), default="00:00")
        kept[day] = [pair for pair in days[day] if pair[0] >= until or not eve]
    return kept


@st.composite
def documents(draw, *, strange=None):
    """A calendar document and the UTC instant at which the stretch worth looking at begins."""
    zone, on = strange or draw(st.sampled_from(STRANGE))
    around = st.integers(-4, DAYS_SEEN - 5).map(lambda days: (on + timedelta(days=days)).isoformat())
    weekly = apart({day: draw(st.just([]) | hours()) for day in DAY_NAMES})
    if not any(weekly.values()):
        weekly["wed"] = [["01:30", "02:30"], ["09:00", "24:00"]]
    document = {
        "timezone": zone,
        "weekly": weekly,
        "holidays": draw(st.lists(around, max_size=2, unique=True)),
        "date_overrides": draw(st.dictionaries(around, st.just([]) | hours(overnight=False), max_size=2)),
    }
    if draw(st.booleans()):
        document["date_overrides"][draw(around)] = [["23:00", "03:10"]]
        document["date_overrides"] = {
            day: pairs if pairs and pairs[0][1] == "03:10" else [pair for pair in pairs if pair[0] >= "03:10"]
            for day, pairs in document["date_overrides"].items()
        }
    return document, utc(on.year, on.month, on.day) - timedelta(days=4)


offsets = st.integers(0, DAYS_SEEN * 86_400_000_000 - 1).map(lambda micros: timedelta(microseconds=micros))
"""Where in the stretch an instant lies."""

amounts = st.one_of(
    st.integers(0, 60 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 40 * 3_600_000_000).map(lambda micros: timedelta(microseconds=micros)),
)
