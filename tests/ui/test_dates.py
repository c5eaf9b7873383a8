"""Every date on the tab is that of the user's time zone, wherever the machine stands, and follows the setting."""

from datetime import UTC, datetime

import pytest

from cocolora.core.conversations import Conversation
from cocolora.core.parts import Parts
from cocolora.core.reconcile import Row
from cocolora.ui.adapters import build_adapters
from cocolora.ui.board import Board
from cocolora.ui.conversations import build_conversations
from cocolora.ui.overview import build_overview
from cocolora.ui.sharing import build_sharing
from cocolora.ui.why import show_why
from tests.ui.conftest import blocks_of

EVENING = datetime(2026, 11, 20, 20, tzinfo=UTC)
IN_TOKYO, IN_HONOLULU, IN_KIRITIMATI = (
    ("Asia/Tokyo", "Sat 21 Nov 2026", "05:00", "Saturday"),
    ("Pacific/Honolulu", "Fri 20 Nov 2026", "10:00", "Friday"),
    ("Pacific/Kiritimati", "Sat 21 Nov 2026", "10:00", "Saturday"),
)


@pytest.fixture
def board(engine, page, learned):
    """A board with all of the tab that shows dates, and a page that has opened all of it."""
    rows = [Row("My dog is called Biscuit.", "Ok.", EVENING)]
    engine.record(Conversation("pets", "personal", "", "test", EVENING), rows)
    turns = engine.turns(conversation_id="pets")
    page.adapter_id = learned("pets", turns, made_at=EVENING).id
    page.choose_conversation("pets")
    page.plan = engine.forgetting.plan(turn_ids=[turns[0].id])

    def lay_out():
        board = Board(engine, profile="personal")
        for build in (build_overview, build_adapters, build_conversations, build_sharing):
            build(board)
        board.wire()
        return board

    return blocks_of(lay_out)[1]


@pytest.mark.parametrize("zones", [(IN_TOKYO, IN_HONOLULU), (IN_HONOLULU, IN_KIRITIMATI)])
def test_all_dates_of_the_tab_go_by_the_users_time_zone_and_change_with_it(zones, engine, page, board):
    found = []
    for (zone, day, time, weekday), (_, other_day, _, other_weekday) in (zones, zones[::-1]):
        engine.change_settings("retrieval", time_zone=zone)
        shown = " ".join(map(str, board.updates(page)))
        assert other_day not in shown
        assert f"{other_weekday}'s chat" not in shown
        found.append([shown.count(words) for words in (day, f"{day}, {time}", f"{weekday}&#x27;s chat")])
    assert found[0] == found[1]
    assert min(found[0]) > 0


def test_why_a_reply_is_as_it_is_quotes_memories_with_the_users_dates(engine, board):
    (turn,) = engine.turns(conversation_id="pets")
    engine.change_settings("retrieval", time_zone=IN_TOKYO[0])
    shown = show_why(engine.conversations.why(Parts((turn.id,))), needed=0.4, zone=engine.settings.retrieval.zone)
    assert shown.count(IN_TOKYO[1]) == 2
