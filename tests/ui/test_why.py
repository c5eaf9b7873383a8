from cocolora.core.adapters import Activation, AdapterKind
from cocolora.core.memories import Memory
from cocolora.core.routing import Hit, Route
from cocolora.engine.answer import Context
from cocolora.ui.why import NOTHING_TOOK_PART, show_why
from tests.ui.conftest import STARTED


def test_a_reply_that_nothing_took_part_in_says_so(engine):
    shown = show_why(engine, Context())
    assert "No adapter took part; no memory was quoted." in shown
    assert NOTHING_TOOK_PART in shown


def test_each_memory_and_each_adapter_is_named_with_its_reason(engine, tell, learned):
    (dog,) = tell("pets", "My <b>dog</b> is called Biscuit.")
    pets = learned("pets", [dog])
    wish = learned("brief", kind=AdapterKind.BEHAVIOUR, activation=Activation.ALWAYS)
    route = Route(((wish.id, 1.0), (pets.id, 1.0)), ((pets.id, Hit(dog.id, 0.87)),))
    memory = Memory(dog.id, STARTED, dog.user, dog.reply)
    shown = show_why(engine, Context("…", route, (memory, memory)))
    assert "2 adapters took part: &quot;brief&quot;, &quot;pets&quot;; 2 memories were quoted" in shown
    assert "<b>brief</b> it is always on" in shown
    assert "by 87% (40% is needed)" in shown
    assert "“My &lt;b&gt;dog&lt;/b&gt; is called Biscuit.”" in shown


def test_an_adapter_that_is_gone_since_is_passed_over(engine):
    shown = show_why(engine, Context("", Route((("gone", 1.0),), ())))
    assert "No adapter took part" in shown
