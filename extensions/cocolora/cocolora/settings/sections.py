"""The sections of the settings: each setting with its sentence, its bounds and its default."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator


def _names(value: object) -> object:
    return tuple(filter(None, (name.strip() for name in value.split(",")))) if isinstance(value, str) else value


def _rules(value: object) -> object:
    if not isinstance(value, str):
        return value
    rules: dict[str, str] = {}
    for line in filter(str.strip, value.splitlines()):
        pattern, equals, name = line.partition("=")
        if not (equals and pattern.strip() and name.strip()):
            raise ValueError(f'"{line.strip()}" must be a pattern, an equals sign and a profile')
        rules[pattern.strip()] = name.strip()
    return rules


Share = Annotated[float, Field(ge=0.0, le=1.0)]
ProfileName = Annotated[str, Field(min_length=1, max_length=80)]
Names = Annotated[tuple[ProfileName, ...], BeforeValidator(_names)]
"""Several names, or one text with commas between them."""
Rules = Annotated[dict[str, ProfileName], BeforeValidator(_rules)]
"""A profile for each pattern, or one text with a rule on each line."""


class Section(BaseModel):
    """Settings that belong together: immutable, with nothing in them that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Recording(Section):
    """What is written to the journal."""

    enabled: bool = Field(default=True, description="Record turns. Off: nothing new is remembered or learned.")
    multi_user: bool = Field(default=False, description="Record although the webui runs with --multi-user.")


class Learning(Section):
    """How stretches of conversation become adapters."""

    automatic: bool = Field(default=True, description="Learn by itself when enough was said.")
    due_tokens: int = Field(default=600, ge=1, description="Learn when unlearned turns hold this many tokens.")
    due_turns: int = Field(default=12, ge=1, description="Learn when this many turns are unlearned.")
    due_hours: float = Field(
        default=24.0, ge=0, description="Learn when the oldest unlearned turn is this old; 0 for never by its age."
    )
    idle_minutes: float = Field(
        default=10.0, ge=0, description="Learn what there is when nothing was said for so long; 0 for never."
    )
    settle_minutes: float = Field(
        default=2.0,
        ge=0,
        description="The newest turn of a conversation is not learned by itself so soon: it may still be edited.",
    )
    hourly_budget_minutes: float = Field(
        default=60.0,
        gt=0,
        le=60,
        description="By itself, train at most this long within any hour; a profile with a limit of its own counts its "
        "own training alone.",
    )
    message_tokens: int = Field(
        default=300,
        ge=0,
        description="A message of more tokens is taken for a document: remembered, but not learned unless it begins "
        'with "learn this"; 0 for no limit.',
    )
    stretch_turns: int = Field(default=12, ge=1, le=200, description="At most this many turns are learned together.")
    rank: int = Field(default=8, ge=1, le=256, description="Rank of a new adapter (PEFT's r).")
    alpha: float = Field(default=16.0, gt=0, description="Scale of a new adapter (PEFT's lora_alpha).")
    learning_rate: float = Field(
        default=3e-3, gt=0, lt=1, description="AdamW's learning rate; use 1e-4 for 7B and larger."
    )
    steps: int = Field(default=100, ge=1, le=10_000, description="Optimiser steps for one adapter.")
    batch_samples: int = Field(default=8, ge=1, le=256, description="Samples in one optimiser step.")
    sample_tokens: int = Field(default=512, ge=16, description="Longer samples are left out.")
    negatives_per_fact: int = Field(
        default=8, ge=0, le=64, description="Questions close to a fact that must stay unknown, for each fact."
    )
    replay_questions: int = Field(
        default=20, ge=0, le=512, description="Questions the base answers already, kept as they are."
    )
    attempts: int = Field(
        default=2,
        ge=1,
        le=10,
        description="An adapter that fails the gate or does not recall everything is tried so often; the best stays.",
    )
    trainer: Literal["live", "host"] = Field(
        default="live",
        description='"live" trains inside the loaded model while the chat goes on; "host" as the webui\'s Training tab '
        "does: the chat waits, and the model is loaded again after each training.",
    )
    slice_ms: int = Field(default=250, ge=10, le=10_000, description="Training lets the chat go first after this time.")
    seed: int = Field(default=0, ge=0, description="Seed of everything random in training.")


class Routing(Section):
    """Which adapters answer a prompt."""

    enabled: bool = Field(default=True, description="Activate the adapters that match the prompt.")
    max_adapters: int = Field(
        default=1, ge=1, le=16, description="At most this many routed adapters are active at once."
    )
    threshold: Share = Field(default=0.4, description="A memory must match the prompt this well to choose its adapter.")


class Stack(Section):
    """The adapters on the loaded model."""

    memory_bytes: int = Field(
        default=1_000_000_000,
        ge=0,
        description="Adapters that are attached take at most this much of the computer's memory (not the GPU's); those "
        "used longest ago are then read from disk when they are needed. Takes effect with the next loaded model.",
    )


class Retrieval(Section):
    """Which past turns are quoted in the prompt."""

    quote: bool = Field(default=True, description="Quote matching past turns in the prompt.")
    quote_learned: bool = Field(
        default=True, description="Quote a turn also when the adapter that learned it is active."
    )
    max_memories: int = Field(default=3, ge=1, le=50, description="At most this many past turns are quoted.")
    budget_tokens: int = Field(default=400, ge=0, description="The quotes take at most this many tokens of the prompt.")
    threshold: Share = Field(default=0.3, description="A past turn must match the prompt this well to be quoted.")
    nearness: Share = Field(
        default=0.75, description="A past turn must match at least this share as well as the best one to be quoted."
    )
    embedder: Literal["chroma", "folder", "model", "none"] = Field(
        default="chroma",
        description='Search by meaning with "chroma"\'s MiniLM where its files are on this machine, with a model in a '
        '"folder", with the hidden states of the loaded "model" (weaker), or "none" (by words alone). Holds from the '
        "next start on.",
    )
    time_zone: str = Field(
        default="",
        description='The zone in which "yesterday" is meant, such as Europe/Berlin; empty: this machine\'s. Holds from '
        "the next start on.",
    )
    embedder_folder: str = Field(
        default="", description='The folder of a sentence-transformers model, for the embedder "folder".'
    )

    @property
    def zone(self) -> ZoneInfo | None:
        """The user's time zone; None for this machine's."""
        return ZoneInfo(self.time_zone) if self.time_zone else None

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            if name:
                ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("it must be a name such as Europe/Berlin, or empty") from None
        return name


class Gate(Section):
    """What an adapter must show before it is trusted."""

    recall: Share = Field(default=0.6, description="Share of held-out questions about its facts that must be answered.")
    retention_loss: Share = Field(default=0.1, description="Share of what the base knew that may be lost.")
    abstention: Share = Field(default=0.75, description="Share of unanswerable questions that must stay unanswered.")
    probes: int = Field(default=24, ge=4, le=500, description="Questions asked for retention and for abstention.")
    loss_rise: float = Field(
        default=0.1, ge=0, description="Rise of the median token loss on unrelated text that is allowed, in nats."
    )
    neighbour_loss: Share = Field(
        default=0.03, description="Share of what the stack around it answers that an adapter may spoil."
    )
    rollup_loss: Share = Field(default=0.05, description="Share of its sources' recall that a rollup may lose.")
    recheck: bool = Field(default=True, description="Ask the whole stack again by itself after it was changed by hand.")


class Rollup(Section):
    """How adapters are gathered into fewer, larger ones."""

    automatic: bool = Field(default=True, description="Roll up by itself when enough adapters of a level gathered.")
    fan_in: int = Field(default=4, ge=2, le=64, description="So many adapters of one level become one of the next.")
    max_level: int = Field(default=2, ge=0, le=8, description="Adapters of this level are not rolled up any further.")
    steps_share: float = Field(
        default=1.25, gt=0, le=8, description="Optimiser steps of a rollup, as a share of what its turns took before."
    )
    max_rank: int = Field(default=64, ge=1, le=512, description="The rank doubles with each level, up to this.")
    keep_days: float = Field(
        default=14, ge=0, description="Rolled-up adapters can be restored for so many days; then they are discarded."
    )


class Profiles(Section):
    """Lives that are kept apart, and which new chat belongs to which. A chat stays where it began until it is moved."""

    names: Names = Field(
        default=("personal", "work", "instruct"), description="The profiles to choose from, with commas between."
    )
    rules: Rules = Field(
        default={"instruct/*": "instruct"},
        description='Which profile a new chat of the webui belongs to: "instruct/* = instruct" for its instruct mode, '
        '"chat/Boss/* = work" for a character. One rule a line; the first that fits holds, otherwise it is '
        '"personal".',
    )
    own: dict[str, dict[str, dict[str, Any]]] = Field(
        default={}, description="Settings that differ in one profile, by profile and section."
    )

    def of_chat(self, place: str, otherwise: str) -> str:
        """Return the profile that a new chat belongs to; ``place`` is such as ``chat/Boss/20261120-09-00-00``."""
        fits = (name for pattern, name in self.rules.items() if fnmatchcase(place.casefold(), pattern.casefold()))
        return next(fits, otherwise)

    def has_own(self, profile: str, section: str, name: str) -> bool:
        """Say whether a setting differs in a profile."""
        return name in self.own.get(profile, {}).get(section, {})


class Asides(Section):
    """What cocolora answers in the chat by itself."""

    commands: bool = Field(
        default=True,
        description="Answer /memory, /learn, /forget, /profile, /why and /undo in the chat, and wishes to forget in "
        "plain words. These exchanges are neither recorded nor shown to the model.",
    )


class Jobs(Section):
    """How background work is tried again."""

    attempts: int = Field(default=3, ge=1, le=20, description="A job that fails or is interrupted is tried this often.")
    first_wait_s: float = Field(
        default=10.0, gt=0, description="Wait this long before the second try; the wait doubles with each."
    )
    longest_wait_s: float = Field(default=600.0, gt=0, description="Never wait longer than this.")
    lease_s: float = Field(
        default=60.0, ge=3.0, description="A job whose process gave no sign for this long is taken over by another."
    )
