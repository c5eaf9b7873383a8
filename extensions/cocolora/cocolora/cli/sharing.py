"""Sharing from the command line: adapters out in every form, what was said as a dataset, and bundles in."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from cocolora.cli.adapters import find_adapter
from cocolora.cli.terminal import console, progress_bar, show
from cocolora.core.export import ExportForm, Number
from cocolora.core.phrases import count
from cocolora.engine import Engine
from cocolora.engine.leaks import Leak
from cocolora.engine.open_model import DEMO_BASE
from cocolora.engine.share import Exported, interfering
from cocolora.errors import AdapterRejected, CocoloraError

_WRITTEN = {
    ExportForm.BUNDLE: "as a bundle",
    ExportForm.PEFT: "as PEFT folders",
    ExportForm.COMBINED: "as one combined adapter",
    ExportForm.MERGED: "merged into a copy of the base",
    ExportForm.GGUF: "as GGUF files",
}
_INTERFERES = (
    "These adapters were trained apart from each other, and all at once they spoil each other's answers: compare "
    "before you rely on it, or export one knowledge adapter with --adapter."
)
_RECITED = "Private answers came out of these adapters."
_SHARES = "An adapter shares what it learned: give it only to those who may know that."


def run_export(engine: Engine, arguments: Namespace) -> int:
    """Write adapters, or a dataset, and say what left."""
    if arguments.target is None and arguments.dataset is None:
        raise CocoloraError("Say where to: `cocolora export stack.zip`, or `cocolora export --dataset FILE.jsonl`.")
    if arguments.dataset is not None and not _export_dataset(engine, arguments):
        return 1
    if arguments.target is not None and not _export_adapters(engine, arguments):
        return 1
    return 0


def _export_adapters(engine: Engine, arguments: Namespace) -> bool:
    """Say what could be recited, ask where something was, and write; return whether it was written."""
    named, form = arguments.adapter, ExportForm(arguments.form)
    wanted: dict[str, Any] = {
        "profile": arguments.profile,
        "adapter_ids": None if named is None else [find_adapter(engine, one, arguments).id for one in named],
        "form": form,
    }
    leaks = _find_leaks(engine, arguments, wanted)
    warnings = [_INTERFERES] if interfering(form, engine.sharing.would_leave(**wanted)) else []
    if not arguments.json:
        show(arguments, {}, *(leak.sentence for leak in leaks), *warnings, _SHARES)
    if _must_ask(arguments, leaks) and not _agreed(arguments, _RECITED):
        show(arguments, {}, "Nothing was written: --yes writes it all the same.")
        return False
    with progress_bar(arguments) as on_progress:
        done = engine.sharing.export(
            arguments.target,
            **wanted,
            with_questions=arguments.with_questions,
            base_folder=arguments.base or DEMO_BASE,
            signed=not arguments.no_signature,
            number=Number(arguments.dtype) if arguments.dtype else None,
            on_progress=on_progress,
        )
    unchecked = [done.unchecked] if done.unchecked else []
    values = {
        "target": done.target,
        "form": form,
        "adapters": [adapter.id for adapter in done.adapters],
        "signer": done.signer,
        "leaks": [_leak_values(leak) for leak in leaks],
        "warnings": [*warnings, *unchecked],
    }
    signed = [f"Signed by {done.signer}."] if done.signer else []
    show(arguments, values, _written(done), *signed, *unchecked)
    return True


def _find_leaks(engine: Engine, arguments: Namespace, wanted: dict[str, Any]) -> tuple[Leak, ...]:
    if arguments.no_leak_check:
        return ()
    with progress_bar(arguments) as on_progress:
        return engine.sharing.check_leaks(**wanted, on_progress=on_progress)


def _must_ask(arguments: Namespace, leaks: tuple[Leak, ...]) -> bool:
    """Say whether an answer is needed: something was recited, and no option says that it may leave."""
    return any(leak.asked or leak.begun for leak in leaks) and not (arguments.yes or arguments.json)


def _written(done: Exported) -> str:
    text = "with the questions they answer" if done.with_questions else "without any conversation text"
    return (
        f"Wrote {count(len(done.adapters), 'adapter')} {_WRITTEN[done.form]} to {done.target} "
        f"({done.size_bytes / 1e6:.1f} MB), {text}."
    )


def _leak_values(leak: Leak) -> dict[str, Any]:
    return asdict(leak) | {"adapter": leak.adapter.id}


def _export_dataset(engine: Engine, arguments: Namespace) -> bool:
    """Ask and write; return whether it was written."""
    planned = engine.sharing.plan_dataset(profile=arguments.profile)
    if not planned.turns:
        show(arguments, {"dataset": None, "lines": 0}, planned.sentence)
        return False
    if not arguments.yes and not _agreed(arguments, planned.sentence):
        nothing = "Nothing was written: a dataset holds text, and needs --yes or your word."
        show(arguments, {"dataset": None, "lines": 0, "message": nothing}, nothing)
        return False
    lines = engine.sharing.export_dataset(arguments.dataset, profile=arguments.profile)
    sentence = f"Wrote {count(lines, 'line')} to {arguments.dataset}, readable by you alone. {planned.sentence}"
    show(arguments, {"dataset": arguments.dataset, "lines": lines}, sentence)
    return True


def _agreed(arguments: Namespace, sentence: str) -> bool:
    if arguments.json or not sys.stdin.isatty():
        return False
    console.print(sentence, markup=False, highlight=False)
    return console.input("Write it? [y/N] ").strip().lower() in ("y", "yes")


def run_import(engine: Engine, arguments: Namespace) -> int:
    """Take a bundle in and report what was found; exit code 1 when what was to be switched on was refused."""
    taken = engine.sharing.take_in(arguments.source, profile=arguments.profile)
    lines, refused = list(taken.lines), []
    if arguments.switch_on:
        for adapter in taken.adapters:
            try:
                on = engine.catalogue.set_activation(adapter.id, adapter.kind.usual_activation)
                lines.append(f'"{on.name}" passed the gate here and is switched on ({on.activation}).')
            except AdapterRejected as error:
                refused.append(adapter.id)
                lines.append(str(error))
        lines += filter(None, [engine.catalogue.weakness(arguments.profile)])
    values = {
        "adapters": [adapter.id for adapter in taken.adapters],
        "signer": taken.bundle.signer,
        "refused": refused,
        "report": lines,
    }
    show(arguments, values, *lines)
    return 1 if refused else 0


def run_key(engine: Engine, arguments: Namespace) -> int:
    """Show the key that signs bundles, or make it."""
    public = engine.sharing.make_key() if arguments.make else engine.sharing.public_key()
    if not public:
        show(
            arguments, {"public_key": None}, "There is no key: bundles leave unsigned. `cocolora key --make` makes one."
        )
        return 0
    told = f"Bundles are signed by {public}. Tell it to those who take them in, on another way than the bundle's."
    kept = f"The secret key is in {engine.home.key_file}, readable by you alone, without a password."
    show(arguments, {"public_key": public, "file": engine.home.key_file}, told, kept)
    return 0
