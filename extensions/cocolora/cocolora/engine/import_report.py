"""The report on a bundle that was looked into, or taken in: what was checked, what was found, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from cocolora.core.adapters import Activation, Adapter
from cocolora.core.phrases import count
from cocolora.sharing import CheckedAdapter, CheckedBundle

_CHECKED = (
    "Checked: names, kinds and sizes of all files, hashes, settings, tensor names, shapes, types and numbers. "
    "It holds no code. Nothing was found to refuse."
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What a bundle brings: ``adapters`` are those that are new. ``signer_note`` says who signed it, in words."""

    bundle: CheckedBundle
    adapters: tuple[Adapter, ...]
    signer_note: str

    @property
    def findings(self) -> tuple[str, ...]:
        """What was found in the bundle, a finding a line."""
        bundle = self.bundle
        new = {adapter.id: adapter for adapter in self.adapters}
        return (
            f"{bundle.source.name}: {count(bundle.files, 'file')}, {bundle.size_bytes / 1e6:.1f} MB, made "
            f"{bundle.made_at:%Y-%m-%d}.",
            _CHECKED,
            f"Base: {bundle.base}, the one that is loaded.",
            f"Signer: {self.signer_note}",
            *(_adapter_line(found, new.get(found.adapter.id)) for found in bundle.adapters),
        )

    @property
    def without_questions(self) -> tuple[Adapter, ...]:
        """The new adapters that no prompt will choose, although their maker's prompts chose them."""
        mute = {
            found.adapter.id
            for found in self.bundle.adapters
            if found.offered is Activation.ROUTED and not found.questions
        }
        return tuple(adapter for adapter in self.adapters if adapter.id in mute)

    @property
    def lines(self) -> tuple[str, ...]:
        """The report, a finding a line, and what to do next."""
        return (*self.findings, *_next_steps(self))


def _adapter_line(found: CheckedAdapter, new: Adapter | None) -> str:
    adapter = found.adapter
    if new is None:
        return f'"{adapter.name}" ({adapter.id}) is here already and was left as it is.'
    scores = adapter.scores
    measured = (
        f"recall {scores.recall:.0%}, retention {scores.retention:.0%}, abstention {scores.abstention:.0%} "
        "where it was made"
        if scores
        else "never measured"
    )
    asked = f"with {count(len(found.questions), 'question')}" if found.questions else "without questions"
    return (
        f'"{new.name}" ({new.id}): {adapter.kind}, rank {adapter.recipe.rank}, '
        f"{adapter.size_bytes / 1e6:.1f} MB, learned from {count(found.turns, 'turn')}; {measured}; "
        f"{found.offered} there; {asked}."
    )


def _next_steps(imported: Imported) -> tuple[str, ...]:
    if not imported.adapters:
        return ("Nothing was new.",)
    steps = [
        f"Took in {count(len(imported.adapters), 'new adapter')}, switched off. Next: `cocolora adapters ID "
        "--activation routed` asks it the gate's questions on this model, and switches it on if it passes."
    ]
    if imported.without_questions:
        steps.append("Without its questions an adapter is never chosen by prompt: `--activation always` is left.")
    return tuple(steps)
