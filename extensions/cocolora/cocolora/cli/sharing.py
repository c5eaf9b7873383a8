"""Sharing from the command line: adapters out in every form, what was said as a dataset, and bundles in."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from cocolora.cli.commands import console, find_adapter, progress_bar, show
from cocolora.core.adapters import Activation, AdapterKind
from cocolora.core.counting import count
from cocolora.core.export import ExportForm
from cocolora.engine import Engine
from cocolora.engine.leaks import Leak
from cocolora.engine.open_model import DEMO_BASE
from cocolora.errors import CocoloraError

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
_SHARES = "An adapter shares what it learned: give it only to those who may know that."


def run_export(engine: Engine, arguments: Namespace) -> int:
    """Write adapters, or a dataset, and say what left."""
    if arguments.target is None and arguments.dataset is None:
        raise CocoloraError("Say where to: `cocolora export stack.zip`, or `cocolora export --dataset FILE.jsonl`.")
    if arguments.dataset is not None and not _export_dataset(engine, arguments):
        return 1
    if arguments.target is not None:
        _export_adapters(engine, arguments)
    return 0


def _export_adapters(engine: Engine, arguments: Namespace) -> None:
    named, form = arguments.adapter, ExportForm(arguments.form)
    wanted: dict[str, Any] = {
        "profile": arguments.profile,
        "adapter_ids": None if named is None else [find_adapter(engine, one).id for one in named],
        "form": form,
    }
    leaks: tuple[Leak, ...] = ()
    if not arguments.no_leak_check:
        with progress_bar(arguments) as on_progress:
            leaks = engine.check_leaks(**wanted, on_progress=on_progress)
    base_folder = arguments.base or DEMO_BASE
    done = engine.export(arguments.target, **wanted, with_questions=arguments.with_questions, base_folder=base_folder)
    text = "with the questions they answer" if done.with_questions else "without any conversation text"
    sentence = (
        f"Wrote {count(len(done.adapters), 'adapter')} {_WRITTEN[form]} to {done.target} "
        f"({done.size_bytes / 1e6:.1f} MB), {text}. {_SHARES}"
    )
    warnings = [_INTERFERES] if done.interferes else []
    values = {
        "target": done.target,
        "form": form,
        "adapters": [adapter.id for adapter in done.adapters],
        "leaks": [_leak_values(leak) for leak in leaks],
        "warnings": warnings,
    }
    show(arguments, values, *(leak.sentence for leak in leaks), sentence, *warnings)


def _leak_values(leak: Leak) -> dict[str, Any]:
    return asdict(leak) | {"adapter": leak.adapter.id}


def _export_dataset(engine: Engine, arguments: Namespace) -> bool:
    """Ask and write; return whether it was written."""
    planned = engine.plan_dataset(profile=arguments.profile)
    if not planned.turns:
        show(arguments, {"dataset": None, "lines": 0}, planned.sentence)
        return False
    if not arguments.yes and not _agreed(arguments, planned.sentence):
        nothing = "Nothing was written: a dataset holds text, and needs --yes or your word."
        show(arguments, {"dataset": None, "lines": 0, "message": nothing}, nothing)
        return False
    lines = engine.export_dataset(arguments.dataset, profile=arguments.profile)
    sentence = f"Wrote {count(lines, 'line')} to {arguments.dataset}, readable by you alone. {planned.sentence}"
    show(arguments, {"dataset": arguments.dataset, "lines": lines}, sentence)
    return True


def _agreed(arguments: Namespace, sentence: str) -> bool:
    if arguments.json or not sys.stdin.isatty():
        return False
    console.print(sentence, markup=False, highlight=False)
    return console.input("Write it? [y/N] ").strip().lower() in ("y", "yes")


def run_import(engine: Engine, arguments: Namespace) -> int:
    """Take a bundle in."""
    taken = engine.import_stack(arguments.source, profile=arguments.profile)
    if arguments.switch_on:
        for adapter in taken:
            always = adapter.kind is AdapterKind.BEHAVIOUR
            engine.set_activation(adapter.id, Activation.ALWAYS if always else Activation.ROUTED)
    state = "switched on" if arguments.switch_on else "switched off"
    show(
        arguments,
        {"adapters": [adapter.id for adapter in taken]},
        f"Took in {count(len(taken), 'new adapter')}, {state}.",
    )
    return 0
