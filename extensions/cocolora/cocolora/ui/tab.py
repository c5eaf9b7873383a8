"""The tab: what the bot learned, what can be done about it, and the settings, in whatever page it is put."""

from __future__ import annotations

import gradio as gr

from cocolora.engine import Engine
from cocolora.ui.adapters import build_adapters
from cocolora.ui.board import Board
from cocolora.ui.conversations import build_conversations
from cocolora.ui.header import build_header
from cocolora.ui.overview import build_overview
from cocolora.ui.privacy import build_privacy
from cocolora.ui.profiles import build_profiles
from cocolora.ui.settings_form import build_settings
from cocolora.ui.sharing import build_sharing
from cocolora.ui.style import STYLE


def build(engine: Engine, *, profile: str = "") -> gr.State:
    """Lay out the tab inside the ``gr.Blocks`` that is being built, and bind it to the engine; return its page."""
    board = Board(engine, profile=profile)
    gr.HTML(STYLE, visible=True, elem_classes="cocolora-style")
    with gr.Column(elem_classes="cocolora"):
        build_header(board)
        with gr.Tabs():
            with gr.Tab("Overview", elem_id="cocolora-tab-overview"):
                build_overview(board)
            with gr.Tab("Conversations", elem_id="cocolora-tab-conversations"):
                build_conversations(board)
            with gr.Tab("Stack", elem_id="cocolora-tab-stack"):
                build_adapters(board)
            with gr.Tab("Settings", elem_id="cocolora-tab-settings") as settings:
                build_settings(board, opened=settings.select)
            with gr.Tab("Share", elem_id="cocolora-tab-share"):
                build_sharing(board)
            with gr.Tab("Privacy", elem_id="cocolora-tab-privacy"), gr.Row(elem_classes="cocolora-cards"):
                with gr.Column(elem_classes="cocolora-card", min_width=280):
                    build_profiles(board)
                with gr.Column(elem_classes="cocolora-card", min_width=280):
                    build_privacy(board)
    board.wire()
    return board.page
