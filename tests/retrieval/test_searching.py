"""Questions find the turns that fit them, and only those."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocolora.retrieval import SearchIndex
from tests.retrieval.fakes import SAID_AT, question, unit

JOURNAL = [
    unit("dog", "My dog is called Rex.\nWhat a fine animal!"),
    unit("city", "I live in Oslo.\nOslo is beautiful."),
    unit("style", "Please answer in one word.\nOK."),
]
FITS = 0.3


def turns(hits):
    return [hit.turn_id for hit in hits]


def test_nothing_is_found_in_an_empty_index(index):
    assert index.search("What is my dog called?", profile="personal") == []


def test_turn_that_answers_a_question_fits_it(index):
    index.add(JOURNAL)
    (hit, *_) = index.search("What is my dog's name?", profile="personal")
    assert hit.turn_id == "dog"
    assert FITS <= hit.score <= 1


@pytest.mark.parametrize("others", [0, 2, 50])
def test_question_about_something_else_fits_nothing(others, index):
    index.add(JOURNAL[:1] + [unit(f"t{i}", f"I bought thing number{i}.\nGood.") for i in range(others)])
    assert all(hit.score < FITS for hit in index.search("What is the capital of France?", profile="personal"))


@pytest.mark.parametrize("others", [0, 3, 300])
def test_scores_mean_the_same_in_small_and_large_journals(others, index):
    index.add(JOURNAL + [unit(f"t{i}", f"Yesterday I saw film{i} with friend{i}.\nHow was it?") for i in range(others)])
    (best, *_) = index.search("How is my dog Rex?", profile="personal")
    assert best.turn_id == "dog"
    assert best.score > 0.8


def test_the_same_short_text_scores_one_or_nearly(index):
    index.add([question("dog", "What is my dog called?")])
    (hit,) = index.search("what is my DOG called", profile="personal")
    assert hit.score > 0.95


@pytest.mark.parametrize(
    "asked",
    [
        "By the way, what is my dog's name?",
        "Hey, quick question: what is my dog's name?",
        "I forgot my dog's name, can you help?",
        "One more thing: could you tell me my dog's name?",
        "I’d like to know my dog's name.",
    ],
)
def test_what_any_question_may_begin_or_end_with_does_not_count(asked, index):
    chatter = ["By the way, it rains.", "Hey!", "I forgot my umbrella.", "Quick question: how are you?"]
    index.add([*JOURNAL, *(unit(f"t{number}", f"{text}\nGood.") for number, text in enumerate(chatter))])
    (best, *others) = index.search(asked, profile="personal")
    (plain, *_) = index.search("What is my dog's name?", profile="personal")
    assert best == plain
    assert all(hit.score < FITS for hit in others)


@pytest.mark.parametrize("asked", ["What is my niece's name?", "What is my niece called?"])
def test_the_word_name_alone_does_not_make_a_question_fit(asked, index):
    chatter = [unit(f"t{number}", f"It rained on walk {number}.\nWhat a pity.") for number in range(60)]
    index.add([question("dog", "What is the name of my dog?"), question("dog", "What is my dog called?"), *chatter])
    assert all(hit.score < FITS for hit in index.search(asked, profile="personal"))


def test_a_question_for_the_name_alone_is_still_answered(index):
    index.add([*JOURNAL, unit("me", "My name is Ada.\nHello Ada!")])
    assert turns(index.search("What is my name?", profile="personal"))[0] == "me"


def test_a_question_of_nothing_else_is_still_searched_for(index):
    index.add([unit("way", "Good morning, the way was long.\nGood.")])
    assert turns(index.search("By the way?", profile="personal")) == ["way"]


def test_words_are_found_in_other_forms_and_spellings(index):
    index.add([unit("a", "I painted the café walls."), unit("b", "我的狗叫小白。"), unit("c", "Ich heiße Jürgen.")])
    assert turns(index.search("painting cafes", profile="personal")) == ["a"]
    assert turns(index.search("小白是谁？", profile="personal")) == ["b"]
    assert turns(index.search("Jurgen", profile="personal")) == ["c"]


def test_question_of_a_lesson_leads_to_its_turn_which_comes_once(index):
    index.add([*JOURNAL, question("dog", "What name does my pet have?"), question("dog", "Who is my pet?")])
    hits = index.search("Do I have a pet?", profile="personal")
    assert turns(hits) == ["dog"]


def test_question_of_function_words_finds_nothing(index):
    index.add(JOURNAL)
    for query in ("", "   ", "?!", "what is it that you were", "\x00", "\ud800"):
        assert index.search(query, profile="personal") == []


@pytest.mark.parametrize(
    "query", ['"', "dog OR", "NEAR(dog)", "dog*", "stems: dog", "dog AND (", "'; DROP TABLE units"]
)
def test_signs_of_a_query_language_are_only_text(query, index):
    index.add(JOURNAL)
    index.search(query, profile="personal")
    assert index.known_turns() == {"dog", "city", "style"}
    assert not index.needs_rebuild


def test_long_and_strange_texts_are_taken(index):
    index.add([unit("long", "word " * 20_000 + "needle"), unit("blob", "x" * 100_000), unit("rtl", "כלב 🐕\u202e")])
    assert turns(index.search("needle", profile="personal")) == ["long"]
    assert turns(index.search("כלב", profile="personal")) == ["rtl"]


def test_limit_is_kept_and_the_best_come_first(index):
    index.add([unit(f"t{i}", "apple " * 1 + "pear " * i) for i in range(30)])
    hits = index.search("apple", profile="personal", limit=5)
    assert len(hits) == 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_common_words_alone_still_find_something(index):
    index.add([unit(f"t{i}", "green garden") for i in range(5_000)])
    assert len(index.search("garden green", profile="personal")) == 10


def test_profiles_do_not_see_each_other(index):
    index.add([unit("work", "The password is swordfish.", profile="work"), unit("home", "My fish is called Wanda.")])
    assert turns(index.search("swordfish password fish", profile="personal")) == ["home"]
    assert turns(index.search("swordfish password fish", profile="work")) == ["work"]
    assert index.search("fish", profile="other") == []


def test_one_profile_does_not_change_the_scores_of_another(index):
    index.add(JOURNAL)
    before = index.search("my dog in Oslo", profile="personal")
    index.add([unit(f"w{i}", "dog dog Oslo", profile="work") for i in range(50)])
    assert index.search("my dog in Oslo", profile="personal") == before


DAYS = [unit(f"day{day}", f"I went to place{day}.", said_at=SAID_AT.replace(day=day)) for day in range(1, 29)]


@pytest.mark.parametrize(
    "query",
    [
        "Where did I go on 2026-05-03?",
        "Where did I go on 3 May 2026?",
        "Where did I go on 3 May?",
        "Where did I go on May 3rd?",
        "Where did I go on May 3, 2026?",
        "Where did I go on the third of May?",
        "Where did I go on the 3rd of May 2026?",
        "WHERE DID I GO ON MAY 3?",
    ],
)
def test_day_that_is_named_comes_first(query, index):
    index.add(DAYS)
    (hit, *_) = index.search(query, profile="personal")
    assert hit.turn_id == "day3"
    assert hit.score >= FITS


@pytest.mark.parametrize("query", ["on 3 May 2025", "on 31 February", "in May", "on the 99th of May", "2026-13-45"])
def test_other_days_and_impossible_ones_name_nothing(query, index):
    index.add(DAYS)
    assert index.search(query, profile="personal") == []


def test_neighbour_of_a_fitting_turn_is_found_too(index):
    talk = ["I bought a canoe.\nNice!", "It is green.\nLovely.", "And now for dinner.\nEnjoy."]
    index.add([unit(f"t{i}", text, conversation_id="c", position=i) for i, text in enumerate(talk)])
    hits = index.search("What canoe?", profile="personal")
    assert turns(hits) == ["t0", "t1"]
    assert hits[1].score < FITS


TEXTS = st.text(st.sampled_from("abcde 😀é狗\n.'\""), max_size=30)
UNITS = st.builds(  # a turn has one exchange, and any number of questions
    lambda turn, number, text, profile, days: unit(
        f"t{turn}",
        text,
        unit_id=f"t{turn}-{number}",
        profile=profile,
        said_at=SAID_AT + timedelta(days=days),
        kind="question" if number else "exchange",
        conversation_id="c",
        position=turn,
    ),
    st.integers(0, 5),
    st.integers(0, 2),
    TEXTS,
    st.sampled_from(["one", "two"]),
    st.integers(0, 3),
)


@settings(max_examples=30, deadline=None)
@given(added=st.lists(UNITS, max_size=12), dropped=st.sets(st.integers(0, 5)), query=TEXTS)
def test_search_finds_only_known_turns_of_its_profile_with_scores_from_0_to_1(added, dropped, query, tmp_path_factory):
    opened = SearchIndex.open(tmp_path_factory.mktemp("any"))
    opened.add(added)
    opened.drop_turns([f"t{turn}" for turn in dropped])
    latest = {item.unit_id: item for item in added if int(item.turn_id[1:]) not in dropped}.values()
    assert opened.known_turns() == {item.turn_id for item in latest}
    for profile in ("one", "two"):
        hits = opened.search(query + " 4 May", profile=profile)
        assert {hit.turn_id for hit in hits} <= {item.turn_id for item in latest if item.profile == profile}
        assert all(0 < hit.score <= 1 for hit in hits)
        assert len({hit.turn_id for hit in hits}) == len(hits)
    opened.close()


@settings(max_examples=20, deadline=None)
@given(added=st.lists(UNITS, max_size=12), again=st.lists(UNITS, max_size=6), dropped=st.sets(st.integers(0, 5)))
def test_rebuilt_index_finds_what_the_one_that_grew_finds(added, again, dropped, tmp_path_factory):
    grown = SearchIndex.open(tmp_path_factory.mktemp("grown"))
    grown.add(added)
    grown.drop_turns([f"t{turn}" for turn in dropped])
    grown.add(again)
    kept = {item.unit_id: item for item in added if int(item.turn_id[1:]) not in dropped}
    kept |= {item.unit_id: item for item in again}
    rebuilt = SearchIndex.open(tmp_path_factory.mktemp("rebuilt"))
    rebuilt.rebuild(kept.values())
    for query in ("a b c d e", "狗", "5 May", "abc é"):
        for profile in ("one", "two"):
            expected = {hit.turn_id: hit.score for hit in rebuilt.search(query, profile=profile)}
            assert {hit.turn_id: hit.score for hit in grown.search(query, profile=profile)} == pytest.approx(expected)
    grown.close()
    rebuilt.close()


@pytest.mark.parametrize(("asks", "first"), [(True, "answer"), (False, "talk")])
def test_what_a_reply_asked_is_found_in_the_next_exchange(asks, first, index):
    said = {"talk": "I cook.\nWhat kind of food do you like?", "answer": "I like Thai food.\nFine."}
    index.add(
        unit(name, text, conversation_id="c", position=place, asks=asks and name == "talk")
        for place, (name, text) in enumerate(said.items())
    )
    index.add(unit(f"t{number}", f"Something else {number}.") for number in range(20))
    assert turns(index.search("What kind of food do I like?", profile="personal"))[0] == first


def at(day: int, **changes):
    return {"said_at": SAID_AT.replace(day=day), **changes}


DIARY = [
    unit("museum", "I went to the museum.\nNice!", **at(10)),
    unit("dentist", "My tooth was pulled.\nOuch!", **at(9)),
    unit("cake", "I baked a cake.\nYum!", **at(3)),
    unit("kite", "I flew a kite.\nFun!", **at(18)),
]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What did I do the day before I went to the museum?", "dentist"),
        ("What happened the day after my tooth was pulled?", "museum"),
        ("What did I do yesterday?", "kite"),
        ("What did I do two days ago?", None),
        ("What did we talk about in our first conversation?", "cake"),
        ("What was our last chat about?", "kite"),
        ("What did I do ten days ago?", "dentist"),
    ],
)
def test_question_about_when_finds_what_was_said_then(question, expected, index):
    index.add(DIARY)
    found = index.search(question, profile="personal", now=SAID_AT.replace(day=19))
    assert turns(found)[:1] == ([expected] if expected else [])
    assert all(hit.score >= FITS for hit in found[:1])


def test_period_finds_everything_said_in_it(index):
    index.add(DIARY)
    found = index.search("What did I do last week?", profile="personal", now=SAID_AT.replace(day=19))
    assert turns(found) == []
    found = index.search("What did I do last week?", profile="personal", now=SAID_AT.replace(day=14))
    assert set(turns(found)) == {"museum", "dentist"}


def test_index_whose_days_are_another_zones_is_made_anew(tmp_path):
    index = SearchIndex.open(tmp_path, time_zone="Asia/Tokyo")
    index.add(DIARY)
    index.close()
    assert not SearchIndex.open(tmp_path, time_zone="Asia/Tokyo").needs_rebuild
    assert SearchIndex.open(tmp_path, time_zone="").needs_rebuild
