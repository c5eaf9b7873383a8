"""Sharing: adapters out as a bundle, and in again after every check, switched off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState
from cocolora.core.events import CancelCheck, Progress, ProgressCallback, Step, ignore_progress, never_cancelled
from cocolora.core.export import ExportForm, Number
from cocolora.core.ids import derive_id
from cocolora.core.lessons import LessonKind
from cocolora.core.phrases import count
from cocolora.engine.catalogue import check_base
from cocolora.engine.import_report import Imported
from cocolora.engine.rooms import Rooms
from cocolora.errors import AdapterDamaged, Cancelled, CannotExport, KeyUnusable
from cocolora.retrieval import Unit
from cocolora.sharing import (
    BundledAdapter,
    CheckedAdapter,
    Order,
    read_bundle,
    read_key,
    unpack,
    write_bundle,
    write_form,
)

READS_BASE = (ExportForm.MERGED, ExportForm.GGUF)
"""The forms that are made from the base's own files."""
QUESTIONS_FILE = "questions.json"


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What to export, and how: the ready adapters of the profile, or those named.

    No text leaves without ``with_questions``; with it, the questions that the adapters answer go into a bundle (not
    the answers): they are what routing needs where the conversations are not. ``base_folder`` holds the base's
    files, for the forms that read them. A bundle is ``signed`` when there is a key. A merged base is rounded to
    ``number``; without one, to the base's own type where that has 16 bits, else to bfloat16.
    """

    profile: str
    adapter_ids: tuple[str, ...] | None = None
    form: ExportForm = ExportForm.BUNDLE
    with_questions: bool = False
    base_folder: Path | None = None
    signed: bool = True
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """Where adapters were written, which, in what form, and the size.

    ``unchecked`` says in a sentence that the base's files could not be compared with the loaded base.
    """

    target: Path
    adapters: tuple[Adapter, ...]
    size_bytes: int
    with_questions: bool
    form: ExportForm = ExportForm.BUNDLE
    signer: str = ""
    unchecked: str = ""

    @property
    def sentence(self) -> str:
        """What was written, in words."""
        text = "with the questions they answer" if self.with_questions else "without any text of your chats"
        place = self.target if self.form is ExportForm.MERGED else self.target.name
        size = f"{self.size_bytes / 1e6:.1f} MB"
        signed = f" Signed by {self.signer}." if self.signer else ""
        unchecked = f" {self.unchecked}" if self.unchecked else ""
        return f"{count(len(self.adapters), 'adapter')} in {place} ({size}), {text}.{signed}{unchecked}"

    @property
    def interferes(self) -> bool:
        """Whether several knowledge adapters, which were trained apart, now take part all at once."""
        return interfering(self.form, self.adapters)


def interfering(form: ExportForm, adapters: Sequence[Adapter]) -> bool:
    """Say whether several knowledge adapters, which were trained apart, would take part all at once."""
    facts = [adapter for adapter in adapters if adapter.kind is AdapterKind.KNOWLEDGE]
    return form in (ExportForm.COMBINED, ExportForm.MERGED) and len(facts) > 1


def export(
    rooms: Rooms,
    target: Path,
    wish: ExportWish,
    *,
    on_progress: ProgressCallback = ignore_progress,
    cancelled: CancelCheck = never_cancelled,
) -> Exported:
    """Write adapters to ``target``: a folder, or a file when it is called ``….zip``.

    Raises UnknownId, AdapterDamaged, BaseMismatch, CannotExport, KeyUnusable, FileExistsError, Cancelled; nothing is
    written then.
    """
    step = _step("Exporting", "writing", on_progress=on_progress, cancelled=cancelled)
    adapters = chosen(rooms, wish)
    contents = [_bundled(rooms, adapter, with_questions=wish.with_questions) for adapter in adapters]
    base = rooms.workbench().model.identity
    key, unchecked = None, ""
    if wish.form is ExportForm.BUNDLE:
        key = read_key(rooms.home.key_file) if wish.signed else None
        size_bytes = write_bundle(target, contents, base=base, now=rooms.clock(), key=key, step=step).size_bytes
    else:
        unchecked = _check_files_of_base(rooms, wish) if contents else ""
        size_bytes = write_form(wish.form, target, Order(contents, base, wish.base_folder, wish.number), step=step)
    signer = key.public if key else ""
    return Exported(target, tuple(adapters), size_bytes, wish.with_questions, wish.form, signer, unchecked)


def _step(work: str, doing: str, *, on_progress: ProgressCallback, cancelled: CancelCheck) -> Step:
    def step(done: int, total: int) -> None:
        if cancelled():
            raise Cancelled(work)
        on_progress(Progress(doing, done, total))

    return step


def _check_files_of_base(rooms: Rooms, wish: ExportWish) -> str:
    """Check that the files which a form reads are the loaded base's; say so where that cannot be told.

    Raises CannotExport.
    """
    if wish.form not in READS_BASE or wish.base_folder is None:
        return ""
    from cocolora.model.same_base import holds_base

    model = rooms.workbench().model
    same = holds_base(wish.base_folder, model.network)
    if same is False:
        reason = f"{wish.base_folder} holds another model than {model.identity}, which the adapters were trained on"
        raise CannotExport(wish.form, reason, "Name the folder of that one.")
    if same is None:
        return f"Whether {wish.base_folder} holds {model.identity} could not be checked: make sure that it does."
    return ""


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


def look_into(
    rooms: Rooms,
    source: Path,
    *,
    on_progress: ProgressCallback = ignore_progress,
    cancelled: CancelCheck = never_cancelled,
) -> Imported:
    """Check a bundle and report what was found; nothing is written. Raises BundleRefused, NoModel, Cancelled."""
    step = _step("Importing", "checking files", on_progress=on_progress, cancelled=cancelled)
    checked = read_bundle(source, base=rooms.workbench().model.identity, step=step)
    here = rooms.journal.adapters()
    known = {adapter.id for adapter in here}
    new = tuple(found.adapter for found in checked.adapters if found.adapter.id not in known)
    return Imported(checked, new, _signer_note(rooms, checked.signer, here))


def import_stack(
    rooms: Rooms,
    source: Path,
    *,
    profile: str,
    on_progress: ProgressCallback = ignore_progress,
    cancelled: CancelCheck = never_cancelled,
) -> Imported:
    """Check a bundle, copy its adapters in and add them to the profile, switched off; report what was found.

    What is here already is left as it is. Raises BundleRefused, NoModel, HomeBusy, Cancelled; nothing is
    written then.
    """
    step = _step("Importing", "copying files", on_progress=on_progress, cancelled=cancelled)
    with rooms.home.writing():
        seen = look_into(rooms, source, on_progress=on_progress, cancelled=cancelled)
        checked, new = seen.bundle, {adapter.id for adapter in seen.adapters}
        unpack(checked, rooms.home.adapters_folder, step=step)
        origin = f"{source.name} ({f'signed by {checked.signer}' if checked.signer else 'not signed'})"
        found = [one for one in checked.adapters if one.adapter.id in new]
        return replace(seen, adapters=_add_all(rooms, found, origin=origin, profile=profile))


def _signer_note(rooms: Rooms, signer: str, here: Sequence[Adapter]) -> str:
    """Say who signed a bundle, as far as that is known here."""
    if not signer:
        return "none. Anyone can have made this bundle; its hashes say only that it is whole."
    if signer == public_key(rooms):
        return f"{signer}, your own key."
    if before := sum(signer in adapter.origin for adapter in here):
        return f"{signer}, the key of {count(before, 'adapter')} that you took in before."
    return f"{signer}, a key that is new here: compare it with what its owner says it is."


def public_key(rooms: Rooms) -> str:
    """Return the public key that bundles are signed with; empty when there is none or it cannot be used."""
    try:
        key = read_key(rooms.home.key_file)
    except KeyUnusable:
        return ""
    return key.public if key else ""


def _add_all(rooms: Rooms, found: Sequence[CheckedAdapter], *, origin: str, profile: str) -> tuple[Adapter, ...]:
    """Add adapters whose files are there, all at once: whoever is killed here has taken in all or none."""
    for one in found:
        if one.questions:
            questions = rooms.home.adapter_folder(one.adapter.id) / QUESTIONS_FILE
            questions.write_text(json.dumps(list(one.questions), ensure_ascii=False), encoding="utf-8")
    added = rooms.journal.add_adapters(
        [
            replace(
                one.adapter,
                profile=profile,
                activation=Activation.OFF,
                state=AdapterState.IMPORTED,
                made_at=rooms.clock(),
                turn_versions=(),
                origin=origin,
            )
            for one in found
        ]
    )
    for adapter in added:
        index_questions(rooms, adapter)
    return added


def read_questions(rooms: Rooms, adapter: Adapter) -> tuple[str, ...]:
    """Return the questions that came with an imported adapter."""
    file = rooms.home.adapter_folder(adapter.id) / QUESTIONS_FILE
    return tuple(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else ()


def useful_activation(rooms: Rooms, adapter: Adapter) -> Activation:
    """Return how an imported adapter can take part: without its questions no prompt ever chooses it."""
    usual = adapter.kind.usual_activation
    return usual if usual is not Activation.ROUTED or read_questions(rooms, adapter) else Activation.ALWAYS


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
