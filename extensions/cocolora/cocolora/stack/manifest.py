"""The manifest beside an adapter's weights: what it is and what it belongs to. It holds no text of any chat."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cocolora.core.adapters import AdapterKind, BaseIdentity, Recipe
from cocolora.core.gate import Scores
from cocolora.errors import AdapterDamaged

MANIFEST_NAME = "manifest.json"


class Manifest(BaseModel):
    """What an adapter is; ``sha256`` is of its weights file. What training cannot know has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    adapter_id: str
    name: str = ""
    kind: AdapterKind | None = None
    profile: str = ""
    base: BaseIdentity
    recipe: Recipe
    sha256: str = ""
    turns: int = 0
    made_at: datetime | None = None
    scores: Scores | None = None


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an adapter. Raises AdapterDamaged."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise AdapterDamaged(folder.name, f"{MANIFEST_NAME} cannot be read ({error})") from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise AdapterDamaged(folder.name, f"{MANIFEST_NAME}: {where}: {problem['msg']}") from None
