"""Adapters that must be made again, rollups and their sources, and lessons that no longer hold."""

import pytest

from cocolora.core.adapters import AdapterState
from cocolora.core.gate import Scores
from cocolora.core.records import KeptVerdict, Occasion, Outcome
from cocolora.core.truth import Supersession
from tests.journal.lives import BASE, NOON, adapter, after, chat, lesson, said

FINGERPRINT = BASE.fingerprint
ROWS = said(("my dog is Rex", "nice"), ("my boss is Ann", "ok"), ("my dog is Max now", "ok"))


@pytest.fixture
def turns(journal):
    journal.sync(chat(), ROWS, now=NOON)
    return journal.turns()


def landed(journal, *turns, read=Outcome.LEARNED, **values):
    readings = {(turn.id, turn.version): read for turn in turns}
    return journal.land_adapter(adapter(*turns, **values), readings=readings, now=NOON)


def test_a_rollup_answers_for_its_sources_and_gives_them_back(journal, turns):
    sources = [landed(journal, turns[0], name="one"), landed(journal, turns[1], name="two")]
    ids = tuple(source.id for source in sources)
    rollup = landed(journal, *turns[:2], name="both", level=1, sources=ids)
    assert [one.state for one in journal.adapters() if one.id in ids] == [AdapterState.ROLLED_UP] * 2
    assert journal.adapter(rollup.id).sources == ids
    assert [journal.reading(turn.id).adapter_id for turn in turns[:2]] == [rollup.id] * 2
    restored = journal.undo_rollup(rollup)
    assert [one.state for one in restored] == [AdapterState.READY] * 2
    assert [journal.reading(turn.id).adapter_id for turn in turns[:2]] == list(ids)
    assert journal.adapter(rollup.id).state is AdapterState.REJECTED
    assert journal.verify() == []


def test_a_refused_rollup_leaves_its_sources_as_they_are(journal, turns):
    source = landed(journal, turns[0])
    journal.land_adapter(
        adapter(turns[0], name="rollup", level=1, sources=(source.id,), state=AdapterState.REJECTED),
        readings={},
        now=NOON,
    )
    assert journal.adapter(source.id).state is AdapterState.READY
    assert journal.reading(turns[0].id).adapter_id == source.id


def test_of_a_stale_rollup_the_sources_that_are_not_stale_answer_until_it_is_made_again(journal, turns):
    sources = [landed(journal, turns[0], name="one"), landed(journal, turns[1], name="two")]
    rollup = landed(journal, *turns[:2], name="both", level=1, sources=tuple(source.id for source in sources))
    journal.change_adapter(rollup.id, place=7.5)
    forgotten = journal.forget([turns[0].id], now=NOON)
    assert set(forgotten.adapter_ids) == {sources[0].id, rollup.id}
    assert [(one.id, one.state) for one in journal.adapters()] == [(sources[1].id, AdapterState.READY)]
    (rebuild,) = journal.rebuilds()
    assert (rebuild.level, rebuild.turn_ids, rebuild.sources) == (1, (turns[1].id,), rollup.sources)
    assert (rebuild.name, rebuild.place) == ("both", 7.5)
    again = journal.land_adapter(
        adapter(turns[1], name="both", level=1, sources=rebuild.sources), readings={}, rebuild=rebuild.number, now=NOON
    )
    assert journal.rebuilds() == ()
    assert journal.adapter(sources[1].id).state is AdapterState.ROLLED_UP
    assert journal.adapter(again.id).name == "both"


def test_what_answers_for_a_stale_rollup_of_rollups_ends_when_it_is_made_again(journal, turns):
    one, two, three = (landed(journal, turn, name=name) for turn, name in zip(turns, "abc", strict=True))
    lower = landed(journal, *turns[:2], name="lower", level=1, sources=(one.id, two.id))
    landed(journal, *turns, name="upper", level=2, sources=(lower.id, three.id))
    journal.forget([turns[0].id], now=NOON)
    states = {one.name: one.state for one in journal.adapters()}
    assert states == {"b": AdapterState.READY, "c": AdapterState.READY}
    (rebuild,) = journal.rebuilds()
    journal.land_adapter(
        adapter(*turns[1:], name="upper", level=2, sources=rebuild.sources),
        readings={},
        rebuild=rebuild.number,
        now=NOON,
    )
    states = {one.name: one.state for one in journal.adapters()}
    assert states == {"b": AdapterState.ROLLED_UP, "c": AdapterState.ROLLED_UP, "upper": AdapterState.READY}
    assert journal.verify() == []


def test_an_adapter_descends_from_the_turns_beneath_it(journal, turns):
    behaviour = ((turns[2].id, 1),)
    kept = landed(journal, turns[0], beneath=behaviour)
    assert journal.adapters_of([turns[2].id]) == [kept]
    journal.forget([turns[2].id], now=NOON)
    (rebuild,) = journal.rebuilds()
    assert (rebuild.turn_ids, rebuild.beneath) == ((turns[0].id,), ())


def test_an_adapter_is_stale_when_a_lesson_of_it_no_longer_holds_and_again_when_it_does(journal, turns):
    old = lesson(turns[0])
    journal.add_lessons([old], base_fingerprint=FINGERPRINT, now=NOON)
    kept = landed(journal, turns[0])
    journal.add_supersessions([Supersession(old.id, turns[2].id, 1)], base_fingerprint=FINGERPRINT)
    assert journal.superseded([turns[0].id]) == {old.id: (turns[2].id,)}
    assert journal.superseded_by([turns[2].id]) == [turns[0]]
    assert journal.stale_adapters() == [kept]
    without = landed(journal, turns[0], name="without", left_out=(old.id,))
    assert [one.id for one in journal.stale_adapters()] == [kept.id]
    journal.remove_adapter(kept.id)
    assert journal.forget([turns[2].id], now=after(1)).adapter_ids == (without.id,)
    assert journal.superseded() == {}
    assert journal.rebuilds()[0].turn_ids == (turns[0].id,)
    assert journal.verify() == []


def test_a_rollup_is_stale_when_a_quarter_of_it_no_longer_holds(journal):
    facts = [(f"fact {number}", "ok") for number in range(8)]
    later = [(f"other fact {number}", "ok") for number in range(2)]
    journal.sync(chat(), [*said(*facts), *said(*later, at=after(1))], now=NOON)
    *told, one, two = journal.turns()
    old = [lesson(turn) for turn in told]
    journal.add_lessons(old, base_fingerprint=FINGERPRINT, now=NOON)
    rollup = landed(
        journal,
        *told,
        level=1,
    )
    journal.add_supersessions([Supersession(old[3].id, one.id, 1)], base_fingerprint=FINGERPRINT)
    assert journal.stale_adapters() == []
    journal.add_supersessions([Supersession(old[0].id, two.id, 1)], base_fingerprint=FINGERPRINT)
    assert journal.stale_adapters() == [rollup]
    assert journal.retire_stale() == (rollup.id,)
    assert journal.rebuilds()[0].made_at == rollup.made_at
    without = landed(journal, *told, level=1, left_out=(old[0].id, old[3].id))
    assert journal.stale_adapters() == []
    assert journal.forget([one.id], now=NOON).adapter_ids == (without.id,)


def test_a_turn_of_which_nothing_held_is_unread_again_when_it_holds_again(journal, turns):
    old = lesson(turns[0])
    journal.add_lessons([old], base_fingerprint=FINGERPRINT, now=NOON)
    journal.add_supersessions([Supersession(old.id, turns[2].id, 1)], base_fingerprint=FINGERPRINT)
    read = [(turn.id, turn.version) for turn in turns]
    journal.mark_read(read, base_fingerprint=FINGERPRINT, outcome=Outcome.SUPERSEDED, now=NOON)
    assert journal.unread("personal", FINGERPRINT) == []
    journal.forget([turns[2].id], now=NOON)
    assert journal.unread("personal", FINGERPRINT) == [turns[0]]


def test_turns_taught_to_another_base_are_told_apart(journal, turns):
    landed(journal, turns[0])
    assert len(journal.unread("personal", "another base")) == 3
    assert journal.unread("personal", "another base", taught_elsewhere=False) == turns[1:]


def test_every_verdict_is_kept_with_its_reason(journal, turns):
    scores = Scores(0.2, 0.9, 0.9, 1.0)
    rejected = landed(journal, turns[0], state=AdapterState.REJECTED, scores=scores, reason="it recalls 20%")
    stack = KeptVerdict("personal", "", Occasion.LEARNED, True, "fine", Scores(1.0, 0.9, 0.9, 1.0), NOON)
    journal.add_verdict(stack)
    (verdict,) = journal.verdicts(adapter_id=rejected.id)
    assert (verdict.passed, verdict.reason, verdict.scores) == (False, "it recalls 20%", scores)
    assert journal.verdicts(profile="personal") == [verdict, stack]
    journal.remove_adapter(rejected.id)
    assert len(journal.verdicts()) == 2
