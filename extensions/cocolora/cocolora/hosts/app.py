"""The standalone app: one page on this machine alone, with a chat and the tab."""

from __future__ import annotations

import os
import socket

from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.engine import Engine
from cocolora.errors import PortTaken

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr

from cocolora.hosts.app_chat import bind_chat, lay_out_chat
from cocolora.ui.tab import build

DELETE_CACHE_S = (600, 3600)
"""How often the page's copies of uploads and downloads are looked through, and how old one may become."""
LOOPBACK = "127.0.0.1"
FONTS = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
READABLE = {
    "button_primary_background_fill": "*primary_700",
    "button_primary_background_fill_hover": "*primary_800",
    "button_primary_background_fill_dark": "*primary_700",
    "button_primary_background_fill_hover_dark": "*primary_800",
    "input_placeholder_color": "*neutral_500",
    "body_text_color_subdued": "*neutral_500",
}
"""Colours of gradio's own theme that are too faint to read by WCAG's measure, 4.5 to 1, in readable shades."""


def build_app(engine: Engine, *, profile: str = DEFAULT_PROFILE) -> gr.Blocks:
    """Return the page: the chat beside the tab."""
    with gr.Blocks(title="cocolora", analytics_enabled=False, fill_width=True, delete_cache=DELETE_CACHE_S) as blocks:
        gr.HTML('<h1 class="cocolora-unseen">cocolora</h1>', padding=False)
        with gr.Row():
            with gr.Column(min_width=320, scale=3, elem_classes="cocolora-beside"):
                widgets = lay_out_chat()
            with gr.Column(min_width=320, scale=5):
                page = build(engine, profile=profile)
        bind_chat(engine, widgets, page)
    return blocks


def run_app(engine: Engine, *, port: int, open_browser: bool, profile: str = DEFAULT_PROFILE) -> None:
    """Serve the page on this machine until interrupted. Raises PortTaken."""
    _check_free(port)
    blocks = build_app(engine, profile=profile)
    blocks.queue()
    print(f"cocolora runs at http://{LOOPBACK}:{port}. Press Ctrl-C to end it.", flush=True)  # noqa: T201
    launch(blocks, port=port, open_browser=open_browser)


def launch(blocks: gr.Blocks, *, port: int, open_browser: bool, wait: bool = True) -> None:
    """Serve a page on the loopback interface alone, with nothing fetched from elsewhere."""
    blocks.launch(
        server_name=LOOPBACK,
        server_port=port,
        inbrowser=open_browser,
        share=False,
        quiet=True,
        prevent_thread_lock=not wait,
        footer_links=[],
        ssr_mode=False,
        theme=gr.themes.Default(**FONTS).set(**READABLE),
    )


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise PortTaken(port) from None
