"""The card of a base: the questions that go with it, from its folder or the packaged general ones."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cocolora.core.lessons import BaseCard
from cocolora.errors import ModelUnreadable

CARD_NAME = "cocolora.json"


class _CardFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    replay: tuple[str, ...]
    probes: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def read_card(folder: Path) -> BaseCard:
    """Return the card in a model's folder, or the general one. Raises ModelUnreadable for a faulty card."""
    path = folder / CARD_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return general_card()
    except (OSError, UnicodeError) as error:
        raise ModelUnreadable(folder, f"{CARD_NAME} cannot be read: {error}") from None
    return _parse(text, folder=folder)


@cache
def general_card() -> BaseCard:
    """Return the packaged card: general knowledge, and what no model can know about its user."""
    packaged = files("cocolora.model").joinpath("general_card.json")
    return _parse(packaged.read_text(encoding="utf-8"), folder=Path("cocolora/model"))


def _parse(text: str, *, folder: Path) -> BaseCard:
    try:
        card = _CardFile.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise ModelUnreadable(folder, f"{CARD_NAME}: {where}: {problem['msg']}") from None
    return BaseCard(replay=card.replay, probes=card.probes, unknown=card.unknown)
