from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cocolora.core.events import Progress
from cocolora.core.history import Growth, grow
from cocolora.core.pace import begin

START = datetime(2026, 11, 20, tzinfo=UTC)
COUNTS = st.lists(st.tuples(st.integers(0, 500).map(lambda n: START + timedelta(minutes=n)), st.integers(1, 9)))


def test_growth_adds_up_in_the_order_of_time():
    later = START + timedelta(hours=1)
    assert grow([(later, 1), (START, 2)], [(later, 2)]) == (Growth(START, 2, 0), Growth(later, 3, 2))
    assert grow([], []) == ()


@given(said=COUNTS, learned=COUNTS, most=st.integers(1, 20))
def test_growth_ends_with_everything_and_stays_within_its_points(said, learned, most):
    points = grow(said, learned, most=most)
    assert len(points) <= most
    assert list(points) == sorted(points, key=lambda point: point.at)
    if said or learned:
        assert points[-1].remembered == sum(number for _, number in said)
        assert points[-1].learned == sum(number for _, number in learned)


def test_the_time_left_follows_from_the_pace_and_is_unknown_at_first():
    pace = begin(Progress("training", 10, 100), now_s=50.0)
    assert pace.remaining_s(Progress("training", 10, 100), now_s=60.0) is None
    assert pace.remaining_s(Progress("training", 20, 100), now_s=51.0) is None
    assert pace.remaining_s(Progress("training", 30, 100), now_s=60.0) == 35.0


def test_another_step_begins_a_new_pace():
    pace = begin(Progress("reading", 0, 4), now_s=0.0)
    assert pace.follow(Progress("reading", 2, 4), now_s=9.0) is pace
    assert pace.follow(Progress("training", 5, 60), now_s=9.0) == begin(Progress("training", 5, 60), now_s=9.0)
