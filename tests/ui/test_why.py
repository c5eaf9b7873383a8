from cocolora.core.adapters import Activation, AdapterKind
from cocolora.core.parts import AdapterPart, Answerer, Parts, Why
from cocolora.ui.why import NOT_KNOWN, NOTHING_TOOK_PART, show_kept_why, show_why


def test_a_reply_that_nothing_took_part_in_says_so():
    shown = show_why(Why(), needed=0.4, zone=None)
    assert "No adapter took part; no memory was quoted." in shown
    assert NOTHING_TOOK_PART in shown
    assert NOTHING_TOOK_PART in show_kept_why(Why(), zone=None)
    assert NOT_KNOWN in show_kept_why(None, zone=None)


def test_each_memory_and_each_adapter_is_named_with_its_reason(engine, tell, learned):
    (dog,) = tell("pets", "My <b>dog</b> is called Biscuit.")
    pets = learned("pets", [dog])
    wish = learned("brief", kind=AdapterKind.BEHAVIOUR, activation=Activation.ALWAYS)
    gift = learned("gift", origin="friend.zip")
    chosen = (AdapterPart(wish.id), AdapterPart(pets.id, dog.id, 0.87), AdapterPart(gift.id, gift.id, 0.5))
    why = engine.conversations.why(Parts((dog.id, dog.id), chosen))
    for shown, needed in (
        (show_why(why, needed=0.4, zone=None), " (40% is needed)"),
        (show_kept_why(why, zone=None), ""),
    ):
        assert "3 adapters took part: &quot;brief&quot;, &quot;pets&quot;, &quot;gift&quot;; 2 memories were" in shown
        assert "<b>brief</b> it is always on" in shown
        assert f"what it learned from “My &lt;b&gt;dog&lt;/b&gt; is called Biscuit.” by 87%{needed}." in shown
        assert f"one of the questions that came with it by 50%{needed}." in shown


def test_what_is_gone_since_is_spoken_of_without_its_name(engine):
    why = engine.conversations.why(Parts(("gone",), (AdapterPart("gone", "gone", 0.7),)))
    assert why == Why((None,), (Answerer(None, None, 0.7),))
    shown = show_kept_why(why, zone=None)
    assert "1 adapter took part: one that is gone since; 1 memory was quoted: one that is gone since." in shown
    assert "An adapter that is gone since</b> your message matches what it learned by 70%." in shown
