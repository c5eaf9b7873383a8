"""A bundle's model card, with the front matter that model hubs read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cocolora.sharing.manifest import SharedAdapter, SharedBase

_HOW = """Load one with PEFT:

```python
from peft import PeftModel

model = PeftModel.from_pretrained(base_model, "adapters/{first}")
```

or take all of them in, checked and switched off, with `cocolora import-stack PATH`.
"""


def render_card(base: SharedBase, adapters: Sequence[SharedAdapter], *, with_questions: bool) -> bytes:
    """Return README.md: what the adapters are, what they were measured at, and what is shared with them."""
    rows = "\n".join(map(_row, adapters))
    questions = (
        "The questions that the adapters answer are in `questions.json` beside them; their answers are in the weights."
        if with_questions
        else "No text of any conversation is in this bundle."
    )
    return f"""---
base_model: {json.dumps(base.name, ensure_ascii=False)}
base_model_relation: adapter
library_name: peft
pipeline_tag: text-generation
tags:
- lora
- cocolora
---

# {len(adapters)} adapter(s) for {_escape(base.name)}

Made by cocolora from conversations with the base model (fingerprint `{base.fingerprint}`). An adapter can be made to
say what it learned: share it with those who may know that. {questions}

| id | name | kind | used | weight | rank | turns | recall | retention | abstention |
|---|---|---|---|---|---|---|---|---|---|
{rows}

{_HOW.format(first=adapters[0].id)}""".encode()


def _row(adapter: SharedAdapter) -> str:
    scores = adapter.scores
    shares = (scores.recall, scores.retention, scores.abstention) if scores else ()
    measured = [f"{share:.2f}" for share in shares] or ["–"] * 3
    used = [adapter.kind.value, adapter.activation.value, f"{adapter.weight:g}", str(adapter.recipe.rank)]
    cells = [f"`{adapter.id}`", _escape(adapter.name), *used, str(adapter.turns), *measured]
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    return "".join(f"\\{character}" if character in r"\|`*_[]<>#" else character for character in text)
