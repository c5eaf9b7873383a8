"""One function per command: it calls the engine and shows what came of it."""

from __future__ import annotations

import dataclasses
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from cocolora.cli.adapters import adapters, as_values
from cocolora.cli.asides import memory, undo, why
from cocolora.cli.terminal import console, opened, progress_bar, show
from cocolora.core.phrases import count
from cocolora.engine.open_model import DEMO_BASE


def demo(arguments: Namespace) -> int:
    """Tell the story."""
    from cocolora.demo.story import run_story

    return run_story(arguments.out or Path("demo-output"), as_json=arguments.json)


def ask(arguments: Namespace) -> int:
    """Ask one question."""
    from cocolora.engine.answer import Context

    with opened(arguments) as engine:
        context = Context() if arguments.bare else engine.contextualise(arguments.question, profile=arguments.profile)
        reply = engine.reply([{"role": "user", "content": arguments.question}], context)
        memories = [memory.turn_id for memory in context.memories]
        show(arguments, {"reply": reply, "adapters": context.route.adapter_ids, "memories": memories}, reply)
    return 0


def chat(arguments: Namespace) -> int:
    """Chat in the terminal."""
    from cocolora.cli.chat import run_chat

    with opened(arguments, resident=True) as engine:
        return run_chat(engine, profile=arguments.profile)


def app(arguments: Namespace) -> int:
    """Open the page."""
    from cocolora.hosts.app import run_app

    with opened(arguments, resident=True) as engine:
        run_app(engine, port=arguments.port, open_browser=not arguments.no_browser, profile=arguments.profile)
    return 0


def import_(arguments: Namespace) -> int:
    """Record past chats."""
    with opened(arguments) as engine, progress_bar(arguments) as on_progress:
        done = engine.conversations.import_chats(arguments.paths, profile=arguments.profile, on_progress=on_progress)
    problems = [
        f"{path}{'' if row is None else f', row {row}'}: {reason}; skipped" for path, row, reason in done.problems
    ]
    show(
        arguments,
        {"conversations": done.conversations, "turns": done.turns, "problems": problems},
        *problems,
        done.sentence,
    )
    return 0


def learn(arguments: Namespace) -> int:
    """Learn what was not read yet."""
    with opened(arguments) as engine, progress_bar(arguments) as on_progress:
        if arguments.plan:
            plan = engine.plan_learning(profile=arguments.profile, on_progress=on_progress)
            show(arguments, dataclasses.asdict(plan), plan.sentence)
            return 0
        learned = engine.learn(profile=arguments.profile, taught_elsewhere=arguments.rebuild, on_progress=on_progress)
    values = dataclasses.asdict(learned)
    show(arguments, values, learned.sentence)
    return 0


def status(arguments: Namespace) -> int:
    """Show the profile at a glance."""
    with opened(arguments) as engine:
        seen = engine.status(profile=arguments.profile)
    values = dataclasses.asdict(seen) | {"adapters": [as_values(adapter) for adapter in seen.adapters]}
    show(arguments, values, f"Model: {seen.model or 'none'}", seen.sentence)
    return 0


def forget(arguments: Namespace) -> int:
    """Show what would go, ask, and forget."""
    with opened(arguments) as engine, progress_bar(arguments) as on_progress:
        plan = engine.forgetting.plan(
            conversation=arguments.conversation, turn_ids=arguments.turn or (), match=arguments.match
        )
        preview = [f"  {turn.id}  {turn.said_at:%Y-%m-%d}  {turn.user[:70]}" for turn in plan.turns]
        preview += [f'  adapter "{adapter.name}" ({adapter.id})' for adapter in plan.adapters]
        if plan.taught_again:
            preview.append(f"  {count(len(plan.taught_again), 'other turn')} of these adapters will be learned again.")
        if not arguments.yes and not _confirm(arguments, preview):
            show(arguments, {"forgotten_turns": 0, "message": "Nothing was forgotten."}, "Nothing was forgotten.")
            return 1
        said = engine.forgetting.forget(plan, on_progress=on_progress)
    show(
        arguments,
        {"forgotten_turns": len(plan.turns), "dropped_adapters": len(plan.adapters), "message": said},
        said,
    )
    return 0


def _confirm(arguments: Namespace, preview: list[str]) -> bool:
    if arguments.json or not sys.stdin.isatty():
        return False
    console.print("This would be forgotten for good:")
    for line in preview:
        console.print(line, markup=False, highlight=False)
    return console.input("Forget? [y/N] ").strip().lower() in ("y", "yes")


def settings(arguments: Namespace) -> int:
    """Show or change the settings."""
    from cocolora.cli import changes

    return changes.settings(arguments)


def edit(arguments: Namespace) -> int:
    """Give a turn another text."""
    from cocolora.cli import changes

    return changes.edit(arguments)


def recording(arguments: Namespace) -> int:
    """Switch one conversation's recording on or off."""
    from cocolora.cli import changes

    return changes.recording(arguments)


def profile(arguments: Namespace) -> int:
    """List, move or delete."""
    from cocolora.cli.profiles import run_profile

    with opened(arguments) as engine:
        return run_profile(engine, arguments)


def purge(arguments: Namespace) -> int:
    """Delete all that is kept."""
    from cocolora.cli.profiles import run_purge

    return run_purge(arguments)


def verify(arguments: Namespace) -> int:
    """Name every fault; exit code 1 when there is one."""
    with opened(arguments) as engine:
        faults = engine.verify()
    lines = [f"{fault.kind} {fault.subject}: {fault.detail}" for fault in faults]
    show(
        arguments,
        {"faults": [dataclasses.asdict(fault) for fault in faults]},
        *lines,
        f"{count(len(faults), 'fault')}.",
    )
    return 1 if faults else 0


def doctor(arguments: Namespace) -> int:
    """Say what can be done here."""
    from cocolora.cli.doctor import examine

    findings = examine(arguments.base or DEMO_BASE, quantise=arguments.quantise)
    show(arguments, {"findings": findings}, *(f"{name}: {finding}" for name, finding in findings.items()))
    return 0


def bench(arguments: Namespace) -> int:
    """Run a benchmark; exit code 1 when it found a failure."""
    from cocolora.bench.tables import Place
    from cocolora.cli.benches import facts_of, run_bench

    place = Place(arguments.table, arguments.name, facts_of(arguments)) if arguments.table else None
    if place:
        place.check()
    with progress_bar(arguments) as on_progress:
        result = run_bench(arguments, on_progress)
    if place:
        place.put(result)
    print(json.dumps(result, indent=None if arguments.json else 2))
    return 1 if result.get("failures") else 0


def rollup(arguments: Namespace) -> int:
    """Roll adapters up, or undo that."""
    from cocolora.cli.rollups import run_rollup

    with opened(arguments) as engine:
        return run_rollup(engine, arguments)


def export(arguments: Namespace) -> int:
    """Write adapters."""
    from cocolora.cli.sharing import run_export

    with opened(arguments) as engine:
        return run_export(engine, arguments)


def import_stack(arguments: Namespace) -> int:
    """Take a bundle in."""
    from cocolora.cli.sharing import run_import

    with opened(arguments) as engine:
        return run_import(engine, arguments)


def key(arguments: Namespace) -> int:
    """Show or make the key that signs bundles."""
    from cocolora.cli.sharing import run_key

    with opened(arguments) as engine:
        return run_key(engine, arguments)


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "demo": demo,
    "ask": ask,
    "chat": chat,
    "app": app,
    "import": import_,
    "learn": learn,
    "status": status,
    "memory": memory,
    "why": why,
    "undo": undo,
    "adapters": adapters,
    "rollup": rollup,
    "forget": forget,
    "edit": edit,
    "recording": recording,
    "settings": settings,
    "export": export,
    "import-stack": import_stack,
    "key": key,
    "profile": profile,
    "purge": purge,
    "verify": verify,
    "doctor": doctor,
    "bench": bench,
}
