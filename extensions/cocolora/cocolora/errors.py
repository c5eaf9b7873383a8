"""Every error that cocolora raises on purpose.

CocoloraError
├── SettingsInvalid          the settings file or a setting is wrong; every problem is listed
├── HomeBusy                 another process is learning or forgetting in this home folder
│   ├── HomeOpen             a program that stays has the home folder open, so that it cannot be purged
│   └── JournalInUse         another process reads the journal, which keeps forgotten bytes in its file
├── PortTaken                something else listens on the app's port
├── HostsChat                a chat that its host keeps itself cannot be edited here
├── UnknownId                no conversation, turn, adapter or job has this id
├── AmbiguousName            several adapters have this name, each in a profile of its own
├── JournalError
│   ├── JournalDamaged       the database file is not readable as a journal
│   ├── JournalTooNew        written by a newer cocolora
│   └── TurnChanged          a turn was changed, forgotten or kept from learning while it was being learned
├── ChatFileInvalid          a chat file cannot be read at all
├── ModelError
│   ├── NoModel              no model is loaded
│   ├── ModelUnreadable      a folder does not hold a model that can be loaded
│   ├── PackageMissing       a package that this kind of base needs is not installed
│   ├── NoChatTemplate       the model's tokenizer cannot format a chat
│   ├── CannotTrain          this loader or model cannot be trained; says why
│   └── BaseMismatch         an adapter belongs to another base model
├── AdapterError
│   ├── AdapterMissing       an adapter's file is not where the journal says
│   ├── AdapterDamaged       its bytes, names, shapes or numbers are not what they must be
│   └── AdapterRejected      it did not pass the gate and cannot be switched on
├── LearningError
│   ├── TrainingDiverged     the loss became NaN or infinite
│   ├── TooLittleMemory      not even a single sample fits into memory beside the model
│   ├── CannotRollUp         these adapters cannot become one, or a rollup cannot be undone; says why
│   └── Cancelled            the user stopped the job
├── BundleRefused            an imported stack is not what it claims to be; nothing was written
├── KeyUnusable              the key that signs bundles cannot be used
├── CannotExport             adapters cannot be written in this form; nothing was written
│   └── CannotMerge          they cannot be merged into this base's files
├── RivalFailed              what a benchmark measures beside cocolora did not run
├── NoPlaceForTable          a Markdown file has no place for a benchmark's table
├── NoGPU                    a benchmark needs a GPU, and torch finds none
└── EmbedderUnavailable      no vectors can be made; search stays lexical

Each keeps its values as attributes, and its text says what was found, what was expected and what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class CocoloraError(Exception):
    """Any failure that cocolora explains to its user."""


class SettingsInvalid(CocoloraError):
    """The settings file or a setting is wrong."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(f"{source} is wrong: {'; '.join(self.problems)}. Correct and retry.")


class HomeBusy(CocoloraError):
    """Another process is learning or forgetting in this home folder."""

    def __init__(self, folder: Path, explanation: str = "") -> None:
        self.folder = folder
        super().__init__(
            explanation or f"Another cocolora is learning or forgetting in {folder}. Wait for it, or stop it there."
        )


class HomeOpen(HomeBusy):
    """A program that stays has the home folder open: what is deleted beneath it, it would go on writing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder, f"The webui or another cocolora has {folder} open. Close it first; nothing was deleted."
        )


class JournalInUse(HomeBusy):
    """Another process reads the journal, so that what was forgotten cannot be erased from its file now."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder, f"Another program reads the journal in {folder}. What was forgotten is erased when it is done."
        )


class PortTaken(CocoloraError):
    """Something else listens on the app's port."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"Port {port} is taken. Close what uses it, or choose another with --port.")


class UnknownId(CocoloraError):
    """No such conversation, turn, adapter or job."""

    def __init__(self, kind: str, wanted: str) -> None:
        self.kind = kind
        self.wanted = wanted
        super().__init__(
            f'There is no {kind} "{wanted}". `cocolora status` and `cocolora adapters` list what there is.'
        )


class AmbiguousName(CocoloraError):
    """Several adapters have this name."""

    def __init__(self, name: str, found: Sequence[tuple[str, str]]) -> None:
        self.name = name
        self.found = tuple(found)
        places = ", ".join(f'{adapter_id} in the profile "{profile}"' for profile, adapter_id in self.found)
        super().__init__(
            f'Several adapters are called "{name}": {places}. Give the id of the one you mean, or its --profile.'
        )


class HostsChat(CocoloraError):
    """A chat that its host keeps itself cannot be edited here."""

    def __init__(self, title: str) -> None:
        self.title = title
        super().__init__(
            f'"{title or "This chat"}" is kept by the webui, and memory follows what it shows. Edit the message in the '
            "chat itself: the new text is remembered and learned instead. Forgetting works from here."
        )


class JournalError(CocoloraError):
    """The journal cannot be used."""


class JournalDamaged(JournalError):
    """The database file is not readable as a journal."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"The journal {path} cannot be read: {reason}. It was left as it is. "
            "Restore a copy of it, or move it away to start a new one."
        )


class JournalTooNew(JournalError):
    """The journal was written by a newer cocolora."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        self.path = path
        self.found = found
        self.known = known
        super().__init__(f"The journal {path} has format {found}; this cocolora knows {known}. Update cocolora.")


class TurnChanged(JournalError):
    """A turn was revised, removed, forgotten or kept from learning while it was being learned."""

    def __init__(self, turn_id: str, version: int) -> None:
        self.turn_id = turn_id
        self.version = version
        super().__init__(
            f'Turn "{turn_id}" is no longer what it was in version {version}: it was edited, removed, forgotten or '
            "kept from learning meanwhile. Nothing was kept of it; what is said now is learned next time."
        )


class ChatFileInvalid(CocoloraError):
    """A chat file cannot be read at all."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path} is not a chat that cocolora reads: {reason}. It takes the webui's saved chats, "
            "OpenAI messages (JSON or JSONL) and ShareGPT."
        )


class ModelError(CocoloraError):
    """The language model cannot do what was asked."""


class NoModel(ModelError):
    """No model is loaded."""

    def __init__(self, next_step: str = "Load a model, then try again.") -> None:
        super().__init__(f"No model is loaded. {next_step}")


class ModelUnreadable(ModelError):
    """A folder does not hold a model that can be loaded."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        self.reason = reason
        super().__init__(
            f"No model can be loaded from {folder}: {reason}. "
            "Give a folder with config.json, a tokenizer and *.safetensors."
        )


class PackageMissing(ModelError):
    """A package that this kind of base needs is not installed."""

    def __init__(self, folder: Path, package: str) -> None:
        self.folder = folder
        self.package = package
        how = "python install.py gptq" if package == "gptqmodel" else f"pip install {package}"
        super().__init__(f"{folder} needs {package}, which is not installed. Run `{how}`, then try again.")


class NoChatTemplate(ModelError):
    """The model's tokenizer cannot format a chat."""

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(
            f"{model} has no chat template, so its conversations cannot be formatted. "
            "Load an instruct or chat model, or set the tokenizer's chat_template."
        )


class CannotTrain(ModelError):
    """This loader or model cannot be trained."""

    def __init__(self, reason: str, next_step: str) -> None:
        self.reason = reason
        super().__init__(f"This model cannot be trained: {reason}. {next_step}")


class BaseMismatch(ModelError):
    """An adapter belongs to another base model."""

    def __init__(self, adapter: str, *, trained_on: str, loaded: str) -> None:
        self.adapter = adapter
        self.trained_on = trained_on
        self.loaded = loaded
        super().__init__(
            f'Adapter "{adapter}" was trained on {trained_on}, but {loaded} is loaded. '
            f'Load {trained_on}, or leave "{adapter}" off.'
        )


class AdapterError(CocoloraError):
    """An adapter cannot be used."""


class AdapterMissing(AdapterError):
    """An adapter's file is not where the journal says."""

    def __init__(self, adapter: str, path: Path) -> None:
        self.adapter = adapter
        self.path = path
        super().__init__(
            f'Adapter "{adapter}" has no file at {path}. Delete it with `cocolora adapters --delete {adapter}`; '
            "its turns are then learned again."
        )


class AdapterDamaged(AdapterError):
    """An adapter's bytes, names, shapes or numbers are not what they must be."""

    def __init__(self, adapter: str, reason: str) -> None:
        self.adapter = adapter
        self.reason = reason
        super().__init__(
            f'Adapter "{adapter}" is damaged: {reason}. Delete it with `cocolora adapters --delete {adapter}`; '
            "its turns are then learned again."
        )


class AdapterRejected(AdapterError):
    """An adapter did not pass the gate and cannot be switched on."""

    def __init__(
        self, adapter: str, reason: str, *, next_step: str = "Its turns are still remembered as text."
    ) -> None:
        self.adapter = adapter
        self.reason = reason
        super().__init__(f'Adapter "{adapter}" stays off: {reason}. {next_step}')


class LearningError(CocoloraError):
    """A stretch of conversation was not learned."""


class TrainingDiverged(LearningError):
    """The loss became NaN or infinite."""

    def __init__(self, step: int, loss: float) -> None:
        self.step = step
        self.loss = loss
        super().__init__(f"Training diverged at step {step} (loss {loss}). Lower learning.learning_rate and try again.")


class CannotRollUp(LearningError):
    """These adapters cannot become one, or a rollup cannot be undone."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Nothing was rolled up: {reason}. `cocolora rollup --plan` shows what can be.")


class TooLittleMemory(LearningError):
    """Not even a single sample fits into memory beside the model."""

    def __init__(self, sample_tokens: int) -> None:
        self.sample_tokens = sample_tokens
        super().__init__(
            f"Training ran out of memory with a single sample of {sample_tokens} tokens. Nothing was changed, and what "
            "was said stays to be learned. Close what else uses the memory, lower learning.sample_tokens or "
            "learning.rank, or load the model in four bits; then learn again."
        )


class Cancelled(LearningError):
    """The user stopped the job."""

    def __init__(self, doing: str) -> None:
        self.doing = doing
        super().__init__(f"{doing} was stopped. Nothing was changed.")


class BundleRefused(CocoloraError):
    """An imported stack is not what it claims to be; nothing was written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path.name} was refused: {reason}. Nothing was imported.")


class KeyUnusable(CocoloraError):
    """The key that signs bundles cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"The key {path} cannot be used: {reason}. Export without a signature (--no-signature) to leave it out."
        )


class CannotExport(CocoloraError):
    """Adapters cannot be written in the form that was asked for; nothing was written."""

    def __init__(self, form: str, reason: str, next_step: str) -> None:
        self.form = form
        self.reason = reason
        super().__init__(f"Nothing was exported as {form}: {reason}. {next_step}")


class CannotMerge(CannotExport):
    """Adapters cannot be merged into these files of a base; nothing was written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            "merged",
            f"{path}: {reason}",
            "Give the base's own 16-bit or 32-bit safetensors with --base, or export with `--form combined`.",
        )


class RivalFailed(CocoloraError):
    """What a benchmark measures beside cocolora did not run."""

    def __init__(self, rival: str, last_words: Sequence[str]) -> None:
        self.rival = rival
        self.last_words = tuple(last_words)
        said = " ".join(self.last_words) or "nothing"
        super().__init__(f"{rival} did not run; it said: {said}. Mend that, or run the benchmark without it.")


class NoPlaceForTable(CocoloraError):
    """A Markdown file has no place for the table of a benchmark."""

    def __init__(self, file: Path, begin: str, end: str) -> None:
        self.file = file
        super().__init__(
            f"{file} has no place for this table: it needs the lines {begin} and {end}. Add them and retry."
        )


class NoGPU(CocoloraError):
    """A benchmark needs a GPU, and torch finds none."""

    def __init__(self) -> None:
        super().__init__(
            "torch finds no GPU here, and `cocolora bench gpu` measures speed and memory on one. Run it where there is "
            "one, with a torch that is built for it; `cocolora bench stack` and `cocolora bench training` need none."
        )


class EmbedderUnavailable(CocoloraError):
    """No vectors can be made; search stays lexical."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"No embedder is available: {reason}. Search goes on by words alone.")
