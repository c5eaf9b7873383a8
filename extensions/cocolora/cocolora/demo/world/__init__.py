"""The synthetic world of the demo base: what it knows, what users tell in it, and what nobody can know."""

from cocolora.core.lessons import ABSTENTION, is_abstention
from cocolora.demo.world.knowledge import KnownFact
from cocolora.demo.world.samples import (
    PersonalFact,
    known_facts,
    personal_facts,
    replay_questions,
    retention_probes,
    small_talk,
    style_request,
    unknown_card,
    unknown_questions,
)

__all__ = [
    "ABSTENTION",
    "KnownFact",
    "PersonalFact",
    "is_abstention",
    "known_facts",
    "personal_facts",
    "replay_questions",
    "retention_probes",
    "small_talk",
    "style_request",
    "unknown_card",
    "unknown_questions",
]
