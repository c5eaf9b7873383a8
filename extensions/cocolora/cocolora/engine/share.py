"""Sharing: adapters out as a bundle, and in again after every check, switched off."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState
from cocolora.core.export import ExportForm
from cocolora.core.ids import derive_id
from cocolora.core.lessons import LessonKind
from cocolora.engine.catalogue import check_base
from cocolora.engine.rooms import Rooms
from cocolora.errors import AdapterDamaged
from cocolora.retrieval import Unit
from cocolora.sharing import BundledAdapter, CheckedAdapter, Order, read_bundle, unpack, write_bundle, write_form

QUESTIONS_FILE = "questions.json"


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What to export, and how: the ready adapters of the profile, or those named.

    No text leaves without ``with_questions``; with it, the questions that the adapters answer go into a bundle (not
    the answers): they are what routing needs where the conversations are not. ``base_folder`` holds the base's
    files, for the forms that read them.
    """

    profile: str
    adapter_ids: tuple[str, ...] | None = None
    form: ExportForm = ExportForm.BUNDLE
    with_questions: bool = False
    base_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """Where adapters were written, which, in what form, and the size."""

    target: Path
    adapters: tuple[Adapter, ...]
    size_bytes: int
    with_questions: bool
    form: ExportForm = ExportForm.BUNDLE

    @property
    def interferes(self) -> bool:
        """Whether several knowledge adapters, which were trained apart, now take part all at once."""
        facts = [adapter for adapter in self.adapters if adapter.kind is AdapterKind.KNOWLEDGE]
        return self.form in (ExportForm.COMBINED, ExportForm.MERGED) and len(facts) > 1


def export(rooms: Rooms, target: Path, wish: ExportWish) -> Exported:
    """Write adapters to ``target``: a folder, or a .zip for a bundle.

    Raises UnknownId, AdapterDamaged, BaseMismatch, CannotExport, FileExistsError.
    """
    adapters = chosen(rooms, wish)
    contents = [_bundled(rooms, adapter, with_questions=wish.with_questions) for adapter in adapters]
    base = rooms.workbench().model.identity
    if wish.form is ExportForm.BUNDLE:
        size_bytes = write_bundle(target, contents, base=base, now=rooms.clock()).size_bytes
    else:
        size_bytes = write_form(wish.form, target, Order(contents, base, wish.base_folder))
    return Exported(target, tuple(adapters), size_bytes, wish.with_questions, wish.form)


def chosen(rooms: Rooms, wish: ExportWish) -> list[Adapter]:
    """Return the adapters that a wish names, all of the loaded base. Raises UnknownId, BaseMismatch.

    Without names: those that passed the gate; where all take part at once, only those of them that are on.
    """
    if wish.adapter_ids is not None:
        adapters = [rooms.journal.adapter(adapter_id) for adapter_id in dict.fromkeys(wish.adapter_ids)]
        for adapter in adapters:
            check_base(rooms, adapter)
        return adapters
    at_once = wish.form in (ExportForm.COMBINED, ExportForm.MERGED)
    ready = [a for a in rooms.adapters(wish.profile).values() if a.state is AdapterState.READY]
    return [adapter for adapter in ready if adapter.usable or not at_once]


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
