"""Sharing: adapters out as a bundle, and in again after every check, switched off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cocolora.core.adapters import Activation, Adapter, AdapterState
from cocolora.core.ids import derive_id
from cocolora.core.lessons import LessonKind
from cocolora.engine.rooms import Rooms
from cocolora.errors import AdapterDamaged
from cocolora.retrieval import Unit
from cocolora.sharing import BundledAdapter, CheckedAdapter, read_bundle, unpack, write_bundle

QUESTIONS_FILE = "questions.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """Where a bundle was written, what is in it, and its size."""

    target: Path
    adapters: tuple[Adapter, ...]
    size_bytes: int
    with_questions: bool


def export(
    rooms: Rooms, target: Path, *, profile: str, adapter_ids: Sequence[str] | None, with_questions: bool
) -> Exported:
    """Write adapters to a folder or a .zip: the ready ones of the profile, or those named.

    No text leaves without ``with_questions``; with it, the questions that the adapters answer do (not the
    answers): they are what routing needs where the conversations are not.
    Raises UnknownId, AdapterDamaged, FileExistsError.
    """
    if adapter_ids is None:
        adapters = [a for a in rooms.journal.adapters(profile) if a.state is AdapterState.READY]
    else:
        adapters = [rooms.journal.adapter(adapter_id) for adapter_id in adapter_ids]
    contents = [_bundled(rooms, adapter, with_questions=with_questions) for adapter in adapters]
    report = write_bundle(target, contents, base=rooms.workbench().model.identity, now=rooms.clock())
    return Exported(target, tuple(adapters), report.size_bytes, with_questions)


def _bundled(rooms: Rooms, adapter: Adapter, *, with_questions: bool) -> BundledAdapter:
    from cocolora.stack.files import check_files

    folder = rooms.home.adapter_folder(adapter.id)
    faults = check_files(folder)
    if faults:
        raise AdapterDamaged(adapter.name, "; ".join(faults))
    return BundledAdapter(adapter, folder, _questions(rooms, adapter) if with_questions else ())


def _questions(rooms: Rooms, adapter: Adapter) -> tuple[str, ...]:
    if adapter.origin:
        return read_questions(rooms, adapter)
    lessons = rooms.journal.lessons(list(adapter.turn_ids))
    return tuple(lesson.question for lesson in lessons if lesson.kind is LessonKind.FACT)


def import_stack(rooms: Rooms, source: Path, *, profile: str) -> tuple[Adapter, ...]:
    """Check a bundle, copy its adapters in and add them to the profile, switched off.

    What is here already is left as it is. Raises BundleRefused, HomeBusy; nothing is written then.
    """
    with rooms.home.writing():
        base = rooms.workbench().model.identity
        checked = read_bundle(source, base=base)
        known = {adapter.id for adapter in rooms.journal.adapters()}
        unpack(checked, rooms.home.adapters_folder)
        new = [found for found in checked.adapters if found.adapter.id not in known]
        return tuple(_add(rooms, found, source=source, profile=profile) for found in new)


def _add(rooms: Rooms, checked: CheckedAdapter, *, source: Path, profile: str) -> Adapter:
    adapter = replace(
        checked.adapter,
        profile=profile,
        activation=Activation.OFF,
        state=AdapterState.IMPORTED,
        made_at=rooms.clock(),
        turn_versions=(),
        origin=source.name,
    )
    questions = rooms.home.adapter_folder(adapter.id) / QUESTIONS_FILE
    if checked.questions:
        questions.write_text(json.dumps(list(checked.questions), ensure_ascii=False), encoding="utf-8")
    rooms.journal.add_adapter(adapter)
    index_questions(rooms, adapter)
    return rooms.journal.adapter(adapter.id)


def read_questions(rooms: Rooms, adapter: Adapter) -> tuple[str, ...]:
    """Return the questions that came with an imported adapter."""
    file = rooms.home.adapter_folder(adapter.id) / QUESTIONS_FILE
    return tuple(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else ()


def index_questions(rooms: Rooms, adapter: Adapter) -> None:
    """Make an imported adapter findable by its questions: it stands for its turns, which are elsewhere."""
    rooms.index.add(
        [
            Unit(
                unit_id=derive_id("question", adapter.id, question),
                turn_id=adapter.id,
                profile=adapter.profile,
                text=question,
                said_at=adapter.made_at,
                kind="question",
            )
            for question in read_questions(rooms, adapter)
        ]
    )
