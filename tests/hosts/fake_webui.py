"""A stand-in for the webui: every event a user can cause, with its hooks, state shapes, locks and files."""

import copy
import html
import json
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

GREETING = "<|BEGIN-VISIBLE-CHAT|>"
HOOKS = {
    "HM": "history_modifier",
    "SM": "state_modifier",
    "CI": "chat_input_modifier",
    "IM": "input_modifier",
    "CGP": "custom_generate_chat_prompt",
    "BP": "bot_prefix_modifier",
    "CTL": "custom_tokenized_length",
    "TM": "tokenizer_modifier",
    "OM": "output_modifier",
}


class FakeWebui:
    """One browser window on one server. ``says`` makes the model's replies; ``heard`` lists the hooks in order."""

    def __init__(self, extension, shared, *, says=None):
        self.extension = extension
        self.shared = shared
        self.numbers = count(1)
        self.says = says or (lambda prompt: f'Reply {next(self.numbers)}: <b>&amp; "it\'s" 🙂</b>')
        self.heard = []
        self.prompts = []
        self.mode, self.character = "instruct", "Assistant"
        self.unique_id: str | None = None
        self.history: Any = None
        self.start_with, self.tools, self.attachments, self.greeting = "", [], [], ""
        self.context, self.system = "A character.", "Be kind."
        self.clock = count(1)
        self.new_chat()
        self.heard.clear()

    # What the host does around every event

    def hook(self, short, *args, **kwargs):
        held = "🔒" if self.shared.generation_lock.locked() else ""
        function = getattr(self.extension, HOOKS[short], None)
        if function is not None:
            self.heard.append(short + held)
        return function(*args, **kwargs) if function else None

    def state(self):
        return {
            "history": self.history,
            "unique_id": self.unique_id,
            "mode": self.mode,
            "character_menu": self.character,
            "name1": "You",
            "name2": "AI",
            "context": self.context,
            "custom_system_message": self.system,
            "truncation_length": 4096,
            "max_new_tokens": 256,
            "start_with": self.start_with,
            "stream": True,
        }

    def save(self):
        """Save as the host does: incognito turns, whose id is None, go to ``None.json``."""
        if self.shared.args.multi_user or str(self.unique_id).startswith("incognito-"):
            return
        path = self.path(self.unique_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.history, ensure_ascii=False), encoding="utf-8")

    def path(self, unique_id):
        logs = Path(self.shared.user_data_dir) / "logs"
        folder = logs / "instruct" if self.mode == "instruct" else logs / "chat" / self.character
        return folder / f"{unique_id}.json"

    def stamp(self):
        return datetime.now().strftime("%b %d, %Y %H:%M")

    def _generate(self, prompt, state, *, stopped_after=None):
        """Yield what is said so far; the lock is held as long as anything is yielded."""
        aside = getattr(self.extension, "custom_generate_reply", None)
        if aside is None:
            self.prompts.append(prompt)
        with self.shared.generation_lock:
            if aside is None and hasattr(self.extension, HOOKS["TM"]):
                assert self.hook("TM", state, prompt, [[1]], None) == (prompt, [[1]], None)
            reply = "".join(aside()) if aside else self.says(prompt)
            for end in range(1, len(reply) + 1, 7) if stopped_after is None else [stopped_after]:
                yield reply[:end]
            if stopped_after is None:
                yield reply
            else:
                self.shared.stop_everything = True
                yield reply[:stopped_after]
        self.shared.stop_everything = False

    def _reply(self, text, state, *, regenerate=False, continued=False, stopped_after=None):
        """One round of generation, as the host does it; yields the history as it grows."""
        output = copy.deepcopy(state["history"])
        output = self.hook("HM", output) or output
        state = self.hook("SM", state) or state
        output.setdefault("metadata", {})
        if not (regenerate or continued):
            visible = html.escape(text)
            text = self.hook("IM", text, state, is_chat=True) or text
            output["internal"].append([text, ""])
            output["visible"].append([visible, ""])
            said = {"timestamp": self.stamp()} | ({"attachments": self.attachments} if self.attachments else {})
            output["metadata"][f"user_{len(output['internal']) - 1}"] = said
        row = len(output["internal"]) - 1
        text, visible = output["internal"][row][0], output["visible"][row][0]
        before = list(output["internal"][row]), list(output["visible"][row])
        entry = output["metadata"].setdefault(f"assistant_{row}", {})
        if regenerate and not state.get("_tool_turn"):
            entry.setdefault("versions", [self._version(output, row)])
            entry["versions"].append({"content": "", "visible_content": "", "timestamp": self.stamp()})
            entry["current_version_index"] = len(entry["versions"]) - 1
        yield {**output, "internal": [*output["internal"][:row], [text, ""]]} if regenerate else output
        history = output if continued else {**output, "internal": output["internal"][:row]}
        kwargs = {"_continue": continued, "history": history}
        prompt = self.hook("CGP", text, state, **kwargs)
        if prompt is None:
            prompt = self.shared_chat().generate_chat_prompt(text, state, **kwargs)
        entry["timestamp"] = self.stamp()
        for reply in self._generate(prompt, state, stopped_after=stopped_after):
            if self.shared.stop_everything:
                self._show(output, row, state)
                yield output
                return
            start = before if continued else (["", ""], ["", ""])
            output["internal"][row] = [text, start[0][1] + reply]
            output["visible"][row] = [visible, start[1][1] + html.escape(reply)]
            if "current_version_index" in entry and not state.get("_tool_turn"):
                entry["versions"][entry["current_version_index"]].update(self._version(output, row))
            yield output
        if continued:
            output["visible"][row][1] = html.escape(output["internal"][row][1])
        if not state.get("_skip_output_extensions"):
            self._show(output, row, state)
        yield output

    def _show(self, output, row, state):
        output["visible"][row][1] = self.hook("OM", output["visible"][row][1], state, is_chat=True)

    def _version(self, output, row):
        content, visible = output["internal"][row][1], output["visible"][row][1]
        return {"content": content, "visible_content": visible, "timestamp": self.stamp()}

    def shared_chat(self):
        import modules.chat

        return modules.chat

    # Events

    def chat(self, text, **kinds):
        state = self.state()
        if self.start_with:
            if kinds.pop("regenerate", False):
                text = self._pop_row()
            self.dummy_message(text, saved=False)
            self.dummy_reply(self.start_with, saved=False)
            kinds["continued"] = True
        state["tools"] = self.tools
        for number, history in enumerate(self._reply(text, state, **kinds)):
            self.history = copy.deepcopy(history)
            if number == 0:
                self.save()
        if self.tools and "CALL" in self.history["internal"][-1][1]:
            self._use_tool(state)
        self.save()

    def _use_tool(self, state):
        """Run the tool and generate again into the same row; output extensions run once, at the end."""
        self.history["internal"][-1][1] = ""
        self.save()
        state.update(history=self.history, _tool_turn=True, _skip_output_extensions=True)
        for history in self._reply("", state, regenerate=True):
            self.history = copy.deepcopy(history)
        del state["_tool_turn"], state["_skip_output_extensions"]
        self.hook("OM", self.history["visible"][-1][1], state, is_chat=True)

    def can_redo(self):
        rows = self.history["internal"]
        return bool(rows) and not (len(rows) == 1 and not self.history["visible"][0][0])

    def regenerate(self, **kinds):
        if self.can_redo():
            self.chat("", regenerate=True, **kinds)

    def continue_(self, **kinds):
        if self.can_redo():
            self.chat("", continued=True, **kinds)

    def stop(self, text, after=5):
        self.chat(text, stopped_after=after)

    def edit(self, role, row, text):
        side = 0 if role == "user" else 1
        entry = self.history.setdefault("metadata", {}).setdefault(f"{role}_{row}", {})
        if not entry.get("versions"):
            entry["versions"] = [self._side(role, row)]
        state = {**self.state(), "edit_message_role": role, "edit_message_index": row}
        self.history["internal"][row][side] = self.hook("IM", text, state, is_chat=True)
        self.history["visible"][row][side] = html.escape(text)
        entry["versions"].append(self._side(role, row))
        entry["current_version_index"] = len(entry["versions"]) - 1
        self.save()

    def _side(self, role, row):
        side = 0 if role == "user" else 1
        content, visible = self.history["internal"][row][side], self.history["visible"][row][side]
        return {"content": content, "visible_content": visible, "timestamp": self.stamp()}

    def swipe(self, row, step, role="assistant"):
        entry = self.history.get("metadata", {}).get(f"{role}_{row}", {})
        versions = entry.get("versions") or []
        if versions:
            now = entry.get("current_version_index", len(versions) - 1)
            entry["current_version_index"] = max(0, min(len(versions) - 1, now + step))
            version, side = versions[entry["current_version_index"]], 0 if role == "user" else 1
            self.history["internal"][row][side] = version["content"]
            self.history["visible"][row][side] = version["visible_content"]
            entry["timestamp"] = version["timestamp"]
            self.save()

    def dummy_message(self, text, *, saved=True):
        row = len(self.history["internal"])
        self.history["visible"].append([html.escape(text), ""])
        self.history["internal"].append([self.hook("IM", text, self.state(), is_chat=True), ""])
        self.history["metadata"][f"user_{row}"] = {"timestamp": self.stamp()}
        if saved:
            self.save()

    def dummy_reply(self, text, *, saved=True):
        if self.history["visible"] and self.history["visible"][-1][1] != "":
            self.history["visible"].append(["", ""])
            self.history["internal"].append(["", ""])
        if not self.history["visible"]:
            return
        self.history["visible"][-1][1] = html.escape(text)
        self.history["internal"][-1][1] = self.hook("IM", text, self.state(), is_chat=True)
        row = len(self.history["internal"]) - 1
        self.history["metadata"][f"assistant_{row}"] = {"timestamp": self.stamp()}
        if saved:
            self.save()

    def _pop_row(self):
        rows = self.history["internal"]
        if not rows or rows[-1][0] == GREETING:
            return ""
        for role in ("user", "assistant"):
            self.history["metadata"].pop(f"{role}_{len(rows) - 1}", None)
        self.history["visible"].pop()
        return rows.pop()[0]

    def remove_last(self):
        self._pop_row()
        self.save()

    def branch(self, row):
        for side in ("internal", "visible"):
            self.history[side] = self.history[side][: row + 1]
        kept = {key: one for key, one in self.history["metadata"].items() if int(key.split("_")[-1]) <= row}
        self.history = copy.deepcopy({**self.history, "metadata": kept})
        self.unique_id = self._new_name()
        self.save()

    def _new_name(self):
        return f"20261123-16-{next(self.clock) // 60 % 60:02}-{next(self.clock) % 60:02}"

    def new_chat(self):
        """Begin a chat: the greeting runs through OM while the state still holds the chat before."""
        history: dict[str, Any] = {"internal": [], "visible": [], "metadata": {}}
        if self.mode != "instruct" and self.greeting:
            shown = self.hook("OM", html.escape(self.greeting), self.state(), is_chat=True)
            history["internal"].append([GREETING, self.greeting])
            history["visible"].append(["", shown])
            history["metadata"]["assistant_0"] = {"timestamp": self.stamp()}
        self.history, self.unique_id = history, self._new_name()
        self.save()

    def incognito(self):
        """Begin an incognito chat: from then on the id that hooks see is None."""
        self.new_chat()
        self.path(self.unique_id).unlink()
        self.unique_id = None

    def select(self, unique_id):
        self.unique_id = unique_id
        self.history = json.loads(self.path(unique_id).read_text(encoding="utf-8"))

    def rename(self, name):
        """Give the chat a name: that is its file's name, and its id from then on."""
        self.path(self.unique_id).rename(self.path(name))
        self.unique_id = name

    def delete(self):
        """Delete the chat's file and go on with an empty one."""
        self.path(self.unique_id).unlink()
        self.new_chat()

    def impersonate(self):
        state = self.state()
        list(self._generate(self.shared_chat().generate_chat_prompt("", state), state))

    def notebook(self, prompt):
        """The notebook: the state carries the chat's id and history, and every hook runs under the lock."""
        self._complete(prompt, self.state())

    def api_completion(self, prompt):
        self._complete(prompt, {"stream": False, "truncation_length": 4096, "max_new_tokens": 16})

    def _complete(self, prompt, state):
        with self.shared.generation_lock:
            state = self.hook("SM", state) or state
            prompt = self.hook("IM", prompt, state, is_chat=False)
            self.hook("TM", state, prompt, [[1]], None)
            self.hook("OM", html.escape(self.says(prompt)), state, is_chat=False)

    def api_chat(self, *messages, user="api question"):
        """A chat over the API: rows of four elements, no metadata, no ``unique_id``, no ``character_menu``."""
        state = {key: one for key, one in self.state().items() if key not in ("unique_id", "character_menu")}
        rows = [[question, reply, "", {}] for question, reply in messages]
        state["history"] = {"internal": rows, "visible": copy.deepcopy(rows), "messages": []}
        for _ in self._reply(user, state):
            pass
