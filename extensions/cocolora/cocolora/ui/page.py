"""A page: what one open browser page has chosen, and what one look at the engine shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cocolora.core.adapters import Adapter
from cocolora.core.conversations import DEFAULT_PROFILE, Conversation, Turn
from cocolora.engine import Engine
from cocolora.engine.forget import ForgetPlan
from cocolora.engine.status import Status
from cocolora.settings import Settings


@dataclass(slots=True)
class Page:
    """The choices of one browser page, and what it was last sent: for each followed widget, what that shows."""

    profile: str = DEFAULT_PROFILE
    adapter_id: str | None = None
    deleting: bool = False
    conversation_id: str | None = None
    turn_id: str | None = None
    plan: ForgetPlan | None = None
    bundle: str | None = None
    failure: str = ""
    sent: dict[int, object] = field(default_factory=dict)

    def choose_profile(self, profile: str) -> None:
        """Look at another profile; what was chosen in the old one is no longer chosen."""
        self.profile = profile
        self.adapter_id = self.conversation_id = self.turn_id = self.plan = self.bundle = None
        self.deleting = False


@dataclass(frozen=True, slots=True)
class View:
    """What the engine shows to a page right now; ``turns`` are those of the chosen conversation."""

    page: Page
    status: Status
    settings: Settings
    profiles: tuple[str, ...]
    conversations: tuple[Conversation, ...]
    turns: tuple[Turn, ...]

    @property
    def adapter(self) -> Adapter | None:
        """The chosen adapter, unless it is gone."""
        return next((a for a in self.status.adapters if a.id == self.page.adapter_id), None)


def look(engine: Engine, page: Page) -> View:
    """Look at the engine for a page."""
    conversations = tuple(reversed(engine.journal.conversations(page.profile)))
    chosen = page.conversation_id if any(c.id == page.conversation_id for c in conversations) else None
    return View(
        page=page,
        status=engine.status(profile=page.profile),
        settings=engine.settings,
        profiles=tuple(sorted({page.profile, DEFAULT_PROFILE, *engine.journal.profiles()})),
        conversations=conversations,
        turns=tuple(engine.turns(conversation_id=chosen)) if chosen else (),
    )
