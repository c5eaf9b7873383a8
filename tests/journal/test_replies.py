"""What took part in replies: kept by ids, for as long as what took part is there."""

from __future__ import annotations

import sqlite3

import pytest

from cocolora.core.conversations import Change
from cocolora.core.parts import AdapterPart, Parts
from cocolora.core.reconcile import Row
from tests.journal.lives import NOON, adapter, after, chat, said

ASKED = Row("what is my dog called?", "Rex", after(60))


@pytest.fixture
def dog(journal):
    journal.sync(chat(), said(("my dog is Rex", "nice")), now=NOON)
    return journal.turns()[0]


@pytest.fixture
def pets(journal, dog):
    return journal.add_adapters([adapter(dog, name="pets")])[0]


@pytest.fixture
def parts(dog, pets):
    return Parts((dog.id,), (AdapterPart(pets.id, dog.id, 0.87),))


def ask(journal, parts, *, row=ASKED, name="later", change=None):
    """Record a reply and what took part in it; return the turn's id."""
    journal.sync(chat(name), [row], change=change, parts=parts, now=after(60))
    (turn,) = journal.turns(conversation_id=name)
    return turn.id


def ids_in(journal):
    """Return every value in the tables of replies."""
    with sqlite3.connect(journal.path) as connection:
        rows = [row for table in ("replies", "reply_memories", "reply_adapters") for row in _rows(connection, table)]
    connection.close()
    return {value for row in rows for value in row}


def _rows(connection, table):
    return connection.execute(f"SELECT * FROM {table}").fetchall()


def test_what_took_part_is_kept_in_order_and_over_a_restart(journal, dog, parts):
    asked = ask(journal, parts)
    assert journal.parts([asked, dog.id]) == {asked: parts}
    alone = ask(journal, Parts(), name="alone", row=Row("hello", "hi", after(90)))
    assert journal.parts([alone]) == {alone: Parts()}


def test_a_forgotten_turn_leaves_no_id_where_it_took_part(journal, dog, parts):
    asked = ask(journal, parts)
    journal.forget([dog.id], now=NOON)
    assert journal.parts([asked]) == {asked: Parts((None,), (AdapterPart(None, None, 0.87),))}
    assert not {dog.id, parts.adapters[0].adapter_id} & ids_in(journal)


def test_what_took_part_goes_with_a_forgotten_reply_and_with_its_profile(journal, parts):
    asked = ask(journal, parts)
    journal.forget([asked], now=NOON)
    assert ids_in(journal) == set()
    ask(journal, parts, name="again", row=Row("and my dog?", "Rex", after(90)))
    journal.forget_profile("personal", now=NOON)
    assert ids_in(journal) == set()


def test_a_deleted_adapter_leaves_that_one_took_part(journal, dog, parts, pets):
    asked = ask(journal, parts)
    journal.remove_adapter(pets.id)
    assert journal.parts([asked])[asked] == Parts((dog.id,), (AdapterPart(None, dog.id, 0.87),))


def test_an_edited_reply_has_no_parts_and_has_them_again_when_it_is_chosen_again(journal, parts):
    asked = ask(journal, parts)
    ask(journal, Parts(), row=Row(ASKED.user, "Max", ASKED.said_at), change=Change.REGENERATED)
    assert journal.parts([asked])[asked] == Parts()
    ask(journal, None, change=Change.SWIPED)
    assert journal.parts([asked])[asked] == parts
    ask(journal, None, row=Row(ASKED.user, "Wolf", ASKED.said_at), change=Change.EDITED)
    assert journal.parts([asked]) == {}


def test_what_is_gone_already_is_noted_as_gone(journal, dog):
    asked = ask(journal, Parts(("nowhere", dog.id), (AdapterPart("imported", "imported", 0.5),)))
    assert journal.parts([asked])[asked] == Parts((None, dog.id), (AdapterPart(None, None, 0.5),))
