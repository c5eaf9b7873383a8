"""Sharing from the command line: adapters out in every form, and bundles in."""

from __future__ import annotations

from argparse import Namespace

from cocolora.cli.commands import find_adapter, show
from cocolora.core.adapters import Activation, AdapterKind
from cocolora.core.counting import count
from cocolora.core.export import ExportForm
from cocolora.engine import Engine
from cocolora.engine.open_model import DEMO_BASE

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


def run_export(engine: Engine, arguments: Namespace) -> int:
    """Write adapters and say what left."""
    named = arguments.adapter
    done = engine.export(
        arguments.target,
        profile=arguments.profile,
        adapter_ids=None if named is None else [find_adapter(engine, wanted).id for wanted in named],
        form=ExportForm(arguments.form),
        with_questions=arguments.with_questions,
        base_folder=arguments.base or DEMO_BASE,
    )
    text = "with the questions they answer" if done.with_questions else "without any conversation text"
    sentence = (
        f"Wrote {count(len(done.adapters), 'adapter')} {_WRITTEN[done.form]} to {done.target} "
        f"({done.size_bytes / 1e6:.1f} MB), {text}. "
        "An adapter can be made to tell what it learned: share it only with those who may know that."
    )
    warning = [_INTERFERES] if done.interferes else []
    values = {"target": done.target, "form": done.form, "adapters": [a.id for a in done.adapters], "warnings": warning}
    show(arguments, values, sentence, *warning)
    return 0


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
