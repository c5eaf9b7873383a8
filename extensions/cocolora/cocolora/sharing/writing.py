"""Bundles out: a folder or a zip file, with the same bytes for the same adapters."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from cocolora.core.adapters import Adapter, BaseIdentity
from cocolora.core.events import Step, go_on
from cocolora.core.export import ExportForm
from cocolora.errors import AdapterDamaged, CannotExport, CocoloraError
from cocolora.sharing.aside import made_aside, size_bytes, zip_entry
from cocolora.sharing.bundled import BundledAdapter, check_outgoing
from cocolora.sharing.card import render_card
from cocolora.sharing.layout import CARD, CONFIG, FORMAT, MANIFEST, QUESTIONS, SIGNATURE, WEIGHTS, adapter_file
from cocolora.sharing.manifest import BundleManifest, SharedAdapter, SharedBase, SharedFile, describe, describe_base
from cocolora.sharing.reading import LONGEST_QUESTION
from cocolora.sharing.signing import SigningKey


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What was written: ``size_bytes`` is of the zip file, or of all files in the folder."""

    target: Path
    adapter_ids: tuple[str, ...]
    size_bytes: int
    sha256: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the bundle: its content, or where its content is."""

    name: str
    content: bytes | Path
    described: SharedFile


def write_bundle(
    target: Path,
    contents: Sequence[BundledAdapter],
    *,
    base: BaseIdentity,
    now: datetime,
    key: SigningKey | None = None,
    step: Step = go_on,
) -> BundleReport:
    """Write adapters to the folder ``target``, or to a zip file when it is called ``….zip``, signed with ``key``.

    Prepared aside and made visible by one renaming. Only numbers, names and hashes go out: no turn, no lesson,
    no profile. Raises FileExistsError, AdapterMissing, AdapterDamaged, CannotExport, and CocoloraError without any
    adapter.
    """
    if not contents:
        raise CocoloraError("There is no adapter to export. `cocolora learn` makes one of what was said.")
    distinct = {bundled.adapter.id: bundled for bundled in contents}
    files = _files([distinct[adapter_id] for adapter_id in sorted(distinct)], base=base, now=now, key=key)
    with made_aside(target) as aside:
        if target.suffix.lower() == ".zip":
            _write_zip(aside, files, step)
        else:
            _write_folder(aside, files, step)
    hashes = tuple((file.name, file.described.sha256) for file in files)
    return BundleReport(target, tuple(sorted(distinct)), size_bytes(target), hashes)


def _files(
    contents: Sequence[BundledAdapter], *, base: BaseIdentity, now: datetime, key: SigningKey | None
) -> list[_File]:
    shared_base = describe_base(base)
    files: list[_File] = []
    adapters: list[SharedAdapter] = []
    for bundled in contents:
        own = _adapter_files(bundled, shared_base)
        files += own
        adapters.append(_described(bundled.adapter, {Path(file.name).name: file.described for file in own}))
    card = _text(CARD, render_card(shared_base, adapters, with_questions=any(b.questions for b in contents)))
    manifest = BundleManifest(
        format=FORMAT,
        made_at=now,
        signer=key.public if key else None,
        base=shared_base,
        adapters=tuple(adapters),
        card=card.described,
    )
    content = manifest.render()
    signature = [_text(SIGNATURE, key.sign(content))] if key else []
    return [_text(MANIFEST, content), *signature, card, *files]


def _adapter_files(bundled: BundledAdapter, base: SharedBase) -> list[_File]:
    adapter, folder = bundled.adapter, bundled.folder
    if adapter.base.fingerprint != base.fingerprint:
        raise AdapterDamaged(adapter.name, "it belongs to another base than the bundle")
    config, weights = check_outgoing(bundled)
    config = config.model_copy(update={"base_model_name_or_path": base.name})
    rendered = json.dumps(config.model_dump(exclude_unset=True), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    files = [
        _text(adapter_file(adapter.id, CONFIG), rendered.encode()),
        _File(adapter_file(adapter.id, WEIGHTS), folder / WEIGHTS, weights),
    ]
    if questions := _shareable(bundled.questions):
        rendered = json.dumps(questions, indent=2, ensure_ascii=False) + "\n"
        files.append(_text(adapter_file(adapter.id, QUESTIONS), rendered.encode()))
    return files


def _described(adapter: Adapter, files: dict[str, SharedFile]) -> SharedAdapter:
    try:
        return describe(adapter, files)
    except ValidationError as error:
        problem = error.errors()[0]
        reason = f'"{adapter.name}" has a value that no bundle may hold: {problem["loc"][-1]}: {problem["msg"]}'
        raise CannotExport(ExportForm.BUNDLE, reason, "Change it, or export the other adapters.") from None


def _shareable(questions: Sequence[str]) -> list[str]:
    """Return the distinct questions that a reader accepts, sorted."""
    readable = {question.encode("utf-8", "replace").decode() for question in questions}
    return sorted(question for question in readable if 0 < len(question) <= LONGEST_QUESTION)


def _text(name: str, content: bytes) -> _File:
    return _File(name, content, SharedFile(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content)))


def _write_zip(target: Path, files: Sequence[_File], step: Step) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, file in enumerate(files):
            step(number, len(files))
            with archive.open(zip_entry(file.name), "w") as entry:
                if isinstance(file.content, bytes):
                    entry.write(file.content)
                else:
                    with file.content.open("rb") as content:
                        shutil.copyfileobj(content, entry)


def _write_folder(target: Path, files: Sequence[_File], step: Step) -> None:
    for number, file in enumerate(files):
        step(number, len(files))
        path = target / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file.content, bytes):
            path.write_bytes(file.content)
        else:
            shutil.copyfile(file.content, path)
