"""Polling: the one place where the page's two generations of Gradio differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.context import Context


def poll(
    refresh: Callable[..., Any], *, inputs: Sequence[gr.Component], outputs: Sequence[gr.Component], every_s: float
) -> None:
    """Call ``refresh`` when the page opens and every ``every_s`` seconds from then on; it must not raise.

    Gradio 4 repeats an event of the page itself, and calls it on the server's event loop: ``refresh`` should be a
    coroutine. From Gradio 5 on there is a timer.
    """
    listening = {"inputs": list(inputs), "outputs": list(outputs), "show_progress": "hidden"}
    if not hasattr(gr, "Timer"):
        Context.root_block.load(refresh, every=every_s, **listening)
        return
    Context.root_block.load(refresh, concurrency_limit=None, **listening)
    gr.Timer(every_s).tick(refresh, concurrency_limit=None, **listening)
