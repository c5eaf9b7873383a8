"""A bundle's manifest: what is in it and every file's hash; counts of turns, never their text or ids."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, BaseIdentity, Recipe
from cocolora.core.gate import Scores
from cocolora.sharing.layout import CONFIG, FORMAT, ID_PATTERN, LARGEST_RANK, QUESTIONS, WEIGHTS, Refusal
from cocolora.sharing.strict_json import parse_json, parse_model

LONGEST_NAME = 80
_PATH = re.compile(r"[\\/~.]|[A-Za-z]:")


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("holds characters that are not printable, or blanks at its ends")
    return text


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_printable)]
BaseName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
PublicKey = Annotated[str, Field(pattern=r"^RW[0-9A-Za-z+/]{54}$")]
Fingerprint = Annotated[str, Field(min_length=8, max_length=128, pattern=r"^[0-9A-Za-z:._-]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class SharedBase(_Strict):
    """The base model that the adapters belong to."""

    name: BaseName
    fingerprint: Fingerprint


class SharedRecipe(_Strict):
    """How an adapter was trained; a sum of others was trained in no step."""

    rank: int = Field(ge=1, le=LARGEST_RANK)
    alpha: float = Field(gt=0, le=65_536)
    learning_rate: float = Field(gt=0, lt=1)
    steps: int = Field(ge=0, le=1_000_000)
    batch_samples: int = Field(ge=1, le=65_536)
    seed: int = Field(ge=0, lt=1 << 63)


class SharedScores(_Strict):
    """What the gate measured where the adapter was made."""

    recall: Share
    retention: Share
    retention_base: Share
    abstention: Share


class SharedFile(_Strict):
    """A file's hash and size."""

    sha256: Sha256
    size_bytes: int = Field(ge=1)


class SharedAdapter(_Strict):
    """One adapter; ``turns`` counts what it learned, ``activation`` is what its maker used."""

    id: str = Field(pattern=rf"^{ID_PATTERN}$")
    name: Name
    kind: AdapterKind
    activation: Activation
    weight: float = Field(ge=-100, le=100)
    recipe: SharedRecipe
    scores: SharedScores | None
    turns: int = Field(ge=0, le=10_000_000)
    made_at: AwareDatetime
    files: dict[str, SharedFile]

    def to_adapter(self, base: SharedBase) -> Adapter:
        """Return the adapter as the catalogue takes it: imported, off, without turns of its own."""
        weights = self.files[WEIGHTS]
        return Adapter(
            id=self.id,
            name=self.name,
            kind=self.kind,
            profile="",
            activation=Activation.OFF,
            state=AdapterState.IMPORTED,
            weight=self.weight,
            base=BaseIdentity(base.name, base.fingerprint),
            recipe=Recipe(**self.recipe.model_dump()),
            sha256=weights.sha256,
            size_bytes=weights.size_bytes,
            made_at=self.made_at,
            scores=Scores(**self.scores.model_dump()) if self.scores else None,
        )


class BundleManifest(_Strict):
    """The manifest of a whole bundle; ``signer`` is the public key that signs these very bytes."""

    format: int
    made_at: AwareDatetime
    signer: PublicKey | None = None
    base: SharedBase
    adapters: tuple[SharedAdapter, ...] = Field(min_length=1)
    card: SharedFile

    def render(self) -> bytes:
        """Return the manifest as it is written: the same bytes for the same values."""
        return (self.model_dump_json(indent=2) + "\n").encode()


def describe(adapter: Adapter, files: dict[str, SharedFile]) -> SharedAdapter:
    """Return what a bundle says of an adapter: no profile, no origin, no turn."""
    recipe = adapter.recipe
    return SharedAdapter(
        id=adapter.id,
        name=clean_name(adapter.name) or adapter.id,
        kind=adapter.kind,
        activation=adapter.activation,
        weight=adapter.weight,
        recipe=SharedRecipe(
            rank=recipe.rank,
            alpha=recipe.alpha,
            learning_rate=recipe.learning_rate,
            steps=recipe.steps,
            batch_samples=recipe.batch_samples,
            seed=recipe.seed,
        ),
        scores=_describe_scores(adapter.scores),
        turns=len(adapter.turn_versions),
        made_at=adapter.made_at,
        files=files,
    )


def _describe_scores(scores: Scores | None) -> SharedScores | None:
    if scores is None:
        return None
    return SharedScores(
        recall=scores.recall,
        retention=scores.retention,
        retention_base=scores.retention_base,
        abstention=scores.abstention,
    )


def describe_base(base: BaseIdentity) -> SharedBase:
    """Return what a bundle says of the base: the folder's name alone where the base is named by its path."""
    name = re.split(r"[\\/]", base.name.rstrip("\\/"))[-1] if _PATH.match(base.name) else base.name
    return SharedBase(name=clean_name(name, longest=200) or "unnamed", fingerprint=base.fingerprint)


def clean_name(name: str, *, longest: int = LONGEST_NAME) -> str:
    """Return a name that a reader accepts: printable, at most ``longest`` characters."""
    return "".join(c if c.isprintable() else " " for c in name).strip()[:longest].strip()


def parse_manifest(content: bytes, *, depth: int) -> BundleManifest:
    """Read a manifest. Raises Refusal, also for a newer format."""
    values = parse_json(content, name="manifest.json", depth=depth)
    found = values.get("format") if isinstance(values, dict) else None
    if type(found) is not int or found < 1:
        raise Refusal("manifest.json is not the manifest of a bundle")
    if found > FORMAT:
        raise Refusal(f"it has format {found}, this cocolora knows {FORMAT}; update cocolora")
    manifest = parse_model(BundleManifest, content, name="manifest.json", depth=depth)
    for adapter in manifest.adapters:
        if not {CONFIG, WEIGHTS} <= set(adapter.files) <= {CONFIG, WEIGHTS, QUESTIONS}:
            raise Refusal(f"manifest.json: adapter {adapter.id} has other files than an adapter has")
    if len({adapter.id for adapter in manifest.adapters}) != len(manifest.adapters):
        raise Refusal("manifest.json: an adapter is listed twice")
    return manifest
