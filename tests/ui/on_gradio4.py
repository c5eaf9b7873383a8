"""Build the tab on Gradio 4.37, run its events and serve it there; run by test_gradio4.py with a Python that has it."""

import asyncio
import json
import sys
import types
from datetime import UTC, datetime
from pathlib import Path


def patch_hub():
    """Give a current huggingface_hub the class that stock Gradio 4.37 still imports."""
    import huggingface_hub

    if not hasattr(huggingface_hub, "HfFolder"):
        huggingface_hub.HfFolder = types.SimpleNamespace(get_token=lambda: None)


def patch_schemas():
    """Let stock Gradio 4.37 describe its API beside a current pydantic, whose schemas may be just true or false."""
    from gradio_client import utils

    describe = utils._json_schema_to_python_type
    utils._json_schema_to_python_type = lambda schema, defs: (
        "Any" if isinstance(schema, bool) else describe(schema, defs)
    )


patch_hub()
patch_schemas()

import gradio as gr  # noqa: E402
from gradio.state_holder import SessionState  # noqa: E402
from gradio_client import Client  # noqa: E402

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
        return self.run(self.blocks.fns[number_of(self.blocks, element, event)], *values)


def number_of(blocks, element, event):
    """Return the number of what an event of a widget calls."""
    for number, function in blocks.fns.items():
        for target, name in function.targets:
            if name == event and blocks.blocks[target].elem_id == element:
                return number
    raise LookupError(element)


def check_config(blocks):
    """Every component of the page is in what the browser is sent, and every event has its target there."""
    config = json.loads(json.dumps(blocks.get_config_file(), default=str))
    shown = {component["id"] for component in config["components"]}
    assert shown == set(blocks.blocks) - {blocks._id}
    assert len(config["dependencies"]) == len(blocks.fns)
    for event in config["dependencies"]:
        assert {*event["inputs"], *event["outputs"], *(target for target, _ in event["targets"] if target)} <= shown


def call_over_http(blocks):
    """Serve the page, describe its API, and press a button as a browser would."""
    blocks.queue()
    _, url, _ = blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, show_api=True)
    client = Client(url, verbose=False)
    described = client.view_api(return_format="dict", print_info=False)
    assert len(described["named_endpoints"]) + len(described["unnamed_endpoints"]) > 40
    client.predict("personal", fn_index=number_of(blocks, "cocolora-look-at-profile", "click"))
    answer = client.predict("rex", fn_index=number_of(blocks, "cocolora-find", "click"))
    assert "1 conversation found" in str(answer[0]), answer[0]
    blocks.close()


def main(folder):
    assert not hasattr(gr, "Timer"), gr.__version__
    engine = Engine(Path(folder), lambda: None)
    with gr.Blocks(analytics_enabled=False) as blocks, gr.Tab("cocolora"):
        build(engine)
    engine.record(Conversation("pets", "personal", "Pets", "test", datetime.now(UTC)), [Row("My dog is Rex.", "Ok.")])
    check_config(blocks)
    call_over_http(blocks)
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
    assert "will never be learned" in str(page.act("cocolora-leave-out"))
    assert "may be learned" in str(page.act("cocolora-let-in"))
    page.act("cocolora-own-setting", "learning.automatic", event="input")
    assert "is off in" in str(page.act("cocolora-keep-own", "", "off"))
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
