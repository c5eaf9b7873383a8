from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cocolora.core.conversations import Conversation
from cocolora.core.history import Counts
from cocolora.core.reconcile import Row
from cocolora.core.records import Outcome
from cocolora.journal import Journal

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
CHAT = Conversation("pets", "personal", "Pets", "test", NOW)
ROWS = [Row("My dog is Rex.", "Ok.", NOW), Row("My cat is Mog.", "Ok.", NOW + timedelta(minutes=1))]


def test_turns_and_conversations_are_counted_by_profile(journal):
    journal.sync(CHAT, ROWS, now=NOW)
    assert journal.counts("personal") == Counts(conversations=1, turns=2)
    assert journal.counts("work") == Counts(conversations=0, turns=0)
    journal.sync(CHAT, ROWS[:1], now=NOW)
    assert journal.counts("personal").turns == 1
    journal.sync(CHAT, [], now=NOW)
    assert journal.counts("personal") == Counts(conversations=0, turns=0)


def test_a_branch_is_counted_when_something_new_is_said_in_it(journal):
    branch = replace(CHAT, id="branch")
    journal.sync(CHAT, ROWS, now=NOW)
    journal.sync(branch, ROWS, now=NOW)
    assert journal.counts("personal") == Counts(conversations=1, turns=2)
    journal.sync(branch, [*ROWS, Row("My owl is Una.", "Ok.", NOW + timedelta(hours=1))], now=NOW)
    assert journal.counts("personal") == Counts(conversations=2, turns=3)


def test_the_revision_changes_with_every_change_and_by_nothing_else(journal, tmp_path):
    before = journal.revision()
    assert journal.revision() == before
    journal.conversations()
    assert journal.revision() == before
    journal.sync(CHAT, ROWS, now=NOW)
    after = journal.revision()
    assert after != before
    other = Journal.open(journal.path)
    other.rename_conversation("pets", "Animals")
    other.close()
    assert journal.revision() != after


def test_asking_for_the_revision_leaves_no_deleted_text_behind(journal):
    journal.sync(CHAT, ROWS, now=NOW)
    journal.revision()
    assert journal.forget([turn.id for turn in journal.turns()], now=NOW).scrubbed


def test_a_turn_counts_as_learned_once_and_only_in_its_current_version(journal):
    (dog, cat) = journal.sync(CHAT, ROWS, now=NOW).recorded
    for base in ("a" * 64, "b" * 64):
        journal.mark_read([(dog, 1)], base_fingerprint=base, outcome=Outcome.LEARNED, now=NOW)
    journal.mark_read([(cat, 1)], base_fingerprint="a" * 64, outcome=Outcome.NOTHING, now=NOW)
    assert journal.learned_by_minute("personal") == [(NOW, 1)]
    assert journal.learned_by_minute("personal", "c" * 64) == []
    assert sum(number for _, number in journal.said_by_minute("personal")) == 2
    journal.sync(CHAT, [Row("My dog is Max.", "Ok.", NOW), ROWS[1]], now=NOW)
    assert journal.learned_by_minute("personal") == []
