"""Bundles in: everything is checked before anything is written."""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel

from cocolora.core.adapters import Activation, Adapter, BaseIdentity
from cocolora.core.events import Step, go_on
from cocolora.errors import BundleRefused
from cocolora.sharing.layout import CARD, CONFIG, MANIFEST, QUESTIONS, SIGNATURE, WEIGHTS, Limits, Refusal, adapter_file
from cocolora.sharing.lora_config import parse_config
from cocolora.sharing.manifest import BundleManifest, SharedAdapter, SharedFile, parse_manifest
from cocolora.sharing.signing import check_signature
from cocolora.sharing.sources import CountedSource, Source, open_source
from cocolora.sharing.strict_json import parse_model
from cocolora.sharing.weights import check_weights

LONGEST_QUESTION = 2_000
# What zipfile and zlib raise for a file that lies about itself.
BROKEN = (EOFError, zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, ValueError, OverflowError, LookupError)


class Questions(RootModel[tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)], ...]]):
    """The questions that an adapter answers, when its maker chose to share them."""


@dataclass(frozen=True, slots=True)
class CheckedAdapter:
    """An adapter whose files passed every check. ``offered`` is how its maker used it; ``adapter`` is off.

    ``hashes`` maps the names of its files to their SHA-256.
    """

    adapter: Adapter
    turns: int
    offered: Activation
    hashes: tuple[tuple[str, str], ...]
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedBundle:
    """A bundle that passed every check; ``unpack`` copies the same bytes or nothing.

    ``signer`` is the public key whose signature is right, and empty for an unsigned bundle.
    """

    source: Path
    base: BaseIdentity
    adapters: tuple[CheckedAdapter, ...]
    limits: Limits
    signer: str
    made_at: datetime
    files: int
    size_bytes: int


def read_bundle(
    source: Path, *, base: BaseIdentity | None, limits: Limits | None = None, step: Step = go_on
) -> CheckedBundle:
    """Check a bundle, a folder or a zip file, and return what is in it; nothing is written.

    ``base`` is the model that the adapters must belong to; None takes any. ``step`` is told before each file.
    Raises BundleRefused with the reason, and what ``step`` raises.
    """
    limits = limits or Limits()
    try:
        with open_source(source, limits) as opened:
            counted = CountedSource(opened, len(opened.sizes), step)
            return _check(counted, source, base=base, limits=limits)
    except Refusal as refusal:
        raise BundleRefused(source, str(refusal)) from None
    except (OSError, *BROKEN) as error:
        raise BundleRefused(source, f"it cannot be read ({type(error).__name__}: {str(error)[:200]})") from None


def _check(opened: Source, source: Path, *, base: BaseIdentity | None, limits: Limits) -> CheckedBundle:
    content = _read(opened, MANIFEST, limits)
    manifest = parse_manifest(content, depth=limits.json_depth)
    _check_signature(opened, content, manifest, limits)
    if len(manifest.adapters) > limits.adapters:
        raise Refusal(f"it holds {len(manifest.adapters)} adapters; at most {limits.adapters} are taken")
    found = BaseIdentity(manifest.base.name, manifest.base.fingerprint)
    if base is not None and base.fingerprint != found.fingerprint:
        raise Refusal(f"its adapters belong to {_shown(found)}, but {_shown(base)} is loaded")
    _check_files(opened, manifest)
    _checked_text(opened, CARD, manifest.card, limits).decode("utf-8")
    adapters = tuple(_check_adapter(opened, shared, manifest, limits) for shared in manifest.adapters)
    return CheckedBundle(
        source,
        found,
        adapters,
        limits,
        signer=manifest.signer or "",
        made_at=manifest.made_at,
        files=len(opened.sizes),
        size_bytes=sum(opened.sizes.values()),
    )


def _check_signature(opened: Source, content: bytes, manifest: BundleManifest, limits: Limits) -> None:
    if manifest.signer is None:
        if SIGNATURE in opened.sizes:
            raise Refusal("it is signed, but its manifest names no signer")
        return
    if SIGNATURE not in opened.sizes:
        raise Refusal("its manifest names a signer, but the signature is missing")
    check_signature(content, _read(opened, SIGNATURE, limits), signer=manifest.signer)


def _shown(base: BaseIdentity) -> str:
    return f"{base.name} ({base.fingerprint[:8]})"


def _check_files(opened: Source, manifest: BundleManifest) -> None:
    """Check that the files are exactly those of the manifest, in the sizes it says."""
    promised = {CARD: manifest.card.size_bytes}
    for adapter in manifest.adapters:
        promised |= {adapter_file(adapter.id, name): file.size_bytes for name, file in adapter.files.items()}
    there = {name: size for name, size in opened.sizes.items() if name not in (MANIFEST, SIGNATURE)}
    for name in sorted(promised.keys() ^ there.keys()):
        raise Refusal(f"{name} is missing" if name in promised else f"{name} is not in the manifest")
    for name, size in promised.items():
        if there[name] != size:
            raise Refusal(f"{name} has {there[name]} bytes, the manifest says {size}")


def _check_adapter(opened: Source, shared: SharedAdapter, manifest: BundleManifest, limits: Limits) -> CheckedAdapter:
    content = _checked_text(opened, adapter_file(shared.id, CONFIG), shared.files[CONFIG], limits)
    config = parse_config(content, base_name=manifest.base.name, depth=limits.json_depth)
    if config.r != shared.recipe.rank:
        raise Refusal(f"{CONFIG} of {shared.id} has rank {config.r}, the manifest says {shared.recipe.rank}")
    if config.lora_alpha != shared.recipe.alpha:
        said = f"the manifest says {shared.recipe.alpha:g}"
        raise Refusal(f"{CONFIG} of {shared.id} has lora_alpha {config.lora_alpha:g}, {said}")
    weights = shared.files[WEIGHTS]
    with opened.open(adapter_file(shared.id, WEIGHTS)) as file:
        found = check_weights(file, size_bytes=weights.size_bytes, config=config, limits=limits)
    _compare(adapter_file(shared.id, WEIGHTS), found, weights)
    return CheckedAdapter(
        adapter=shared.to_adapter(manifest.base),
        turns=shared.turns,
        offered=shared.activation,
        hashes=tuple((name, file.sha256) for name, file in sorted(shared.files.items())),
        questions=_questions(opened, shared, limits),
    )


def _questions(opened: Source, shared: SharedAdapter, limits: Limits) -> tuple[str, ...]:
    if QUESTIONS not in shared.files:
        return ()
    content = _checked_text(opened, adapter_file(shared.id, QUESTIONS), shared.files[QUESTIONS], limits)
    return parse_model(Questions, content, name=QUESTIONS, depth=2).root


def _checked_text(opened: Source, name: str, promised: SharedFile, limits: Limits) -> bytes:
    content = _read(opened, name, limits)
    _compare(name, hashlib.sha256(content).hexdigest(), promised)
    return content


def _read(opened: Source, name: str, limits: Limits) -> bytes:
    if name not in opened.sizes:
        raise Refusal(f"{name} is missing")
    with opened.open(name) as file:
        content = file.read(limits.text_bytes + 1)
    if len(content) != opened.sizes[name]:
        raise Refusal(f"{name} does not have the size that it claims")
    return content


def _compare(name: str, found: str, promised: SharedFile) -> None:
    if found != promised.sha256:
        raise Refusal(f"{name} has hash {found[:12]}…, the manifest says {promised.sha256[:12]}…")
