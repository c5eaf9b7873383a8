"""What stands in for the webui's own modules in ``sys.modules``."""

import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace


def fake_modules(user_data: Path) -> dict[str, ModuleType]:
    """Return what stands in ``sys.modules`` for the host's own modules."""

    def module(name, **names):
        made = ModuleType(name)
        made.__dict__.update(names)
        return made

    shared = module(
        "modules.shared",
        model=None,
        tokenizer=None,
        model_name="None",
        is_seq2seq=False,
        model_dirty_from_training=False,
        user_data_dir=user_data,
        args=SimpleNamespace(multi_user=False, lora_dir=str(user_data / "loras")),
        generation_lock=threading.Lock(),
        stop_everything=False,
    )

    def generate_chat_prompt(text, state, _continue=False, history=None):
        system = state["custom_system_message"] if state["mode"] == "instruct" else state["context"]
        said = [part for row in (history or state["history"])["internal"] for part in row[:2]]
        return "\n".join([f"[{system}]", *said, *([] if _continue else [text])])

    made = {
        "modules.shared": shared,
        "modules.chat": module("modules.chat", generate_chat_prompt=generate_chat_prompt),
        "modules.extensions": module("modules.extensions", iterator=lambda: iter(())),
        "modules.logging_colors": module("modules.logging_colors", logger=SimpleNamespace(handlers=[])),
        "modules.reasoning": module("modules.reasoning", extract_reasoning=_extract_reasoning),
        "modules.tool_parsing": module("modules.tool_parsing", parse_tool_call=lambda reply, names: "CALL" in reply),
        "modules.utils": module("modules.utils", resolve_model_path=lambda name: user_data / "models" / name),
    }
    package = module("modules", __path__=[], **{name.partition(".")[2]: one for name, one in made.items()})
    return {"modules": package, **made}


def _extract_reasoning(reply):
    thought, mark, rest = reply.partition("</think>")
    return (thought, rest) if mark else (None, reply)
