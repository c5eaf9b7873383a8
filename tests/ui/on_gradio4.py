"""Build the tab on Gradio 4.37 and run its events there; run by test_gradio4.py with a Python that has it."""

import asyncio
import sys
import types
from datetime import UTC, datetime
from pathlib import Path


def patch_hub():
    """Give a current huggingface_hub the class that stock Gradio 4.37 still imports."""
    import huggingface_hub

    if not hasattr(huggingface_hub, "HfFolder"):
        huggingface_hub.HfFolder = types.SimpleNamespace(get_token=lambda: None)


patch_hub()

import gradio as gr  # noqa: E402
from gradio.state_holder import SessionState  # noqa: E402

from cocolora.core.conversations import Conversation  # noqa: E402
from cocolora.core.reconcile import Row  # noqa: E402
from cocolora.engine import Engine  # noqa: E402
from cocolora.ui.tab import build  # noqa: E402


class Session:
    """One browser page, without the browser: values go through the widgets' own checks, in and out."""

    def __init__(self, blocks):
        self.blocks, self.state = blocks, SessionState(blocks)

    def run(self, function, *values):
        answer = asyncio.run(self.blocks.process_api(function, [None, *values], self.state))
        return dict(zip([widget.elem_id or widget._id for widget in function.outputs], answer["data"], strict=True))

    def refresh(self):
        (function,) = [function for function in self.blocks.fns.values() if function.every]
        return self.run(function)

    def act(self, element, *values, event="click"):
        for function in self.blocks.fns.values():
            for target, name in function.targets:
                if name == event and self.blocks.blocks[target].elem_id == element:
                    return self.run(function, *values)
        raise LookupError(element)


def main(folder):
    assert not hasattr(gr, "Timer"), gr.__version__
    engine = Engine(Path(folder), lambda: None)
    with gr.Blocks(analytics_enabled=False) as blocks, gr.Tab("cocolora"):
        build(engine)
    engine.record(Conversation("pets", "personal", "Pets", "test", datetime.now(UTC)), [Row("My dog is Rex.", "Ok.")])
    page, other = Session(blocks), Session(blocks)
    for session in (page, other):
        shown = session.refresh()
        choices = shown["cocolora-conversation"]["choices"]
        assert [value for _, value in choices] == ["pets"], choices
        assert "from 1 conversation" in str(shown["cocolora-status"])
    page.act("cocolora-learn")
    page.act("cocolora-conversation", "pets", event="input")
    assert "1 conversation found" in str(page.act("cocolora-find", "rex"))
    assert "never be learned" not in str(page.act("cocolora-learnable", False, event="input"))
    (turn,) = engine.turns()
    page.act("cocolora-turns", [turn.id], event="input")
    page.act("cocolora-edit")
    page.act("cocolora-save-turn", "My dog is Max.", "Ok.")
    assert engine.turns()[0].user == "My dog is Max."
    assert "No model is loaded" in str(page.act("cocolora-try-it", "Who?", [], "Together"))
    assert "1 turn would be forgotten" in str(page.act("cocolora-preview"))
    page.act("cocolora-forget")
    assert engine.jobs.wait(timeout_s=60)
    assert engine.turns() == []
    assert other.refresh()["cocolora-conversation"]["choices"] == []
    assert "Choose a file first" in str(page.act("cocolora-look-into", None))
    bundle = ([], "bundle", "mine.zip", False, True, "", "")
    assert "There is nothing to export yet" in str(page.act("cocolora-prepare", *bundle))
    assert "Saved" in str(page.act("cocolora-save-recording", False, False))
    assert not engine.settings.recording.enabled
    engine.close()
    print(f"the tab works on gradio {gr.__version__}")


main(sys.argv[1])
