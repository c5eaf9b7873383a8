"""The parser of the command line, and the entry that runs one command."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from cocolora import __version__
from cocolora.core.conversations import DEFAULT_PROFILE
from cocolora.core.export import ExportForm, Number
from cocolora.core.rollup import RollupMethod
from cocolora.errors import CocoloraError

Command = Callable[[argparse.Namespace], int]
_MOST_FACTS = 1000
"""The demo world tells somewhat more in one life."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; an explained failure is one sentence on stderr and exit code 1."""
    arguments = build_parser().parse_args(argv)
    arguments.any_profile = arguments.profile is None
    arguments.profile = arguments.profile or DEFAULT_PROFILE
    try:
        return _find(arguments.command)(arguments)
    except CocoloraError as error:
        _fail(arguments, str(error))
        return 1
    except FileExistsError as error:
        _fail(arguments, str(error))
        return 1
    except KeyboardInterrupt:
        _fail(arguments, "Stopped.")
        return 130


def _find(command: str) -> Command:
    from cocolora.cli import commands

    return commands.COMMANDS[command]


def _fail(arguments: argparse.Namespace, sentence: str) -> None:
    if arguments.json:
        print(json.dumps({"error": sentence}, ensure_ascii=False))
    else:
        print(sentence, file=sys.stderr)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(prog="cocolora", description="A local chatbot that learns from its chats.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = _common_options()

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, parents=[common])

    demo = add("demo", "Tell the whole story on the demo base: chat, learn, recall, forget, export, import.")
    demo.add_argument("--out", type=Path, help="Keep transcripts and adapters here (default: ./demo-output).")
    ask = add("ask", "Ask one question, with memories and adapters.")
    ask.add_argument("question")
    ask.add_argument("--bare", action="store_true", help="Ask the base model alone.")
    add("chat", "Chat in the terminal; what is said is recorded and learned.")
    app = add("app", "Open a page with a chat and the tab, on this machine only.")
    app.add_argument("--port", type=int, default=7865)
    app.add_argument("--no-browser", action="store_true", help="Do not open a browser.")
    _import_options(add("import", "Record past chats from files or folders."))
    learning = add("learn", "Learn all turns that were not read yet, now.")
    learning.add_argument("--plan", action="store_true", help="Only say what would be learned, and how long it takes.")
    learning.add_argument("--rebuild", action="store_true", help="Teach this base, too, what another base was taught.")
    add("status", "Show what was learned, what waits and why.")
    _memory_options(add("memory", "Show the past turns that fit some words best, with their dates and ids."))
    _why_options(add("why", "Say which memories and adapters shaped the last reply of a conversation."))
    add("undo", "Switch off what was learned last, or take the last rollup apart; nothing is deleted.")
    _adapter_options(add("adapters", "List the adapters, or change one."))
    _rollup_options(add("rollup", "Make fewer, larger adapters of many: what is due, or chosen ones."))
    _forget_options(add("forget", "Forget turns and everything that descends from them."))
    _edit_options(add("edit", "Give a turn another text; what was learned from the old one is made again."))
    _recording_options(add("recording", "Switch recording of one conversation off, or on again; what there is stays."))
    _settings_options(add("settings", "Show the settings, or change some."))
    _export_options(add("export", "Write the profile's adapters: as a bundle, or as other programs load them."))
    _import_stack_options(add("import-stack", "Check a bundle and take its adapters in, switched off."))
    key = add("key", "Show the key that signs your bundles, or make it.")
    key.add_argument("--make", action="store_true", help="Make a key; there must be none.")
    _profile_options(add("profile", "List the profiles, move a conversation to another, or delete one."))
    purge = add("purge", "Delete everything that is kept in the home folder.")
    purge.add_argument("--yes", action="store_true", help="Do not ask.")
    add("verify", "Derive every hash and reference again and name each fault.")
    add("doctor", "Say what the loaded model and this environment can do, and what to install.")
    _bench_options(add("bench", "Run a benchmark."))
    return parser


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--home", type=Path, help="Folder of journal and adapters (default: the user's data folder).")
    common.add_argument("--base", type=Path, metavar="MODEL_DIR", help="Base model (default: the demo base).")
    common.add_argument(
        "--quantise",
        choices=("nf4", "nf4-double", "int8"),
        default="",
        help="Quantise a base that is not, while it is loaded (bitsandbytes).",
    )
    common.add_argument("--profile", help=f"Whose memory (default: {DEFAULT_PROFILE}).")
    common.add_argument("--json", action="store_true", help="Print one JSON object.")
    return common


def _import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH")


def _memory_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="WORD")


def _why_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("conversation", metavar="CONVERSATION")


def _adapter_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("adapter", nargs="?", help="Id or name of the adapter to change.")
    parser.add_argument("--activation", choices=("always", "routed", "off"))
    parser.add_argument("--rename", metavar="NAME")
    parser.add_argument("--weight", type=float)
    parser.add_argument("--move", choices=("up", "down"), help="Of equals, the adapter that stands higher is chosen.")
    parser.add_argument("--delete", action="store_true", help="Delete it; its turns are then learned again.")


def _rollup_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--adapter", action="append", metavar="ID", help="Roll these up, whatever is due; repeatable.")
    parser.add_argument(
        "--method",
        choices=[method.value for method in RollupMethod],
        default=RollupMethod.RETRAIN.value,
        help="retrain: on the lessons of all; cat, svd: a sum without training, for adapters that were trained on top "
        "of each other (default: %(default)s).",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--plan", action="store_true", help="Only say what would be rolled up, and why.")
    what.add_argument("--undo", metavar="ID", help="Let the adapters that this rollup holds answer again.")
    what.add_argument("--discard", action="store_true", help="Delete, for good, what was rolled up before.")


def _forget_options(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--conversation", metavar="ID")
    what.add_argument("--turn", metavar="ID", action="append")
    what.add_argument("--match", metavar="TEXT", help="Every turn that holds this text.")
    parser.add_argument("--yes", action="store_true", help="Do not ask.")


def _edit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("turn", metavar="ID")
    parser.add_argument("--user", metavar="TEXT", help="What you said (default: as it is).")
    parser.add_argument("--reply", metavar="TEXT", help="The reply (default: as it is).")


def _recording_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("conversation", metavar="CONVERSATION")
    parser.add_argument("switch", choices=("on", "off"))


def _settings_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("change", nargs="*", metavar="SECTION.NAME=VALUE")
    parser.add_argument("--only-in", metavar="PROFILE", help="What holds in this profile alone.")


def _export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", type=Path, metavar="DIR|FILE.zip", nargs="?")
    parser.add_argument("--adapter", action="append", metavar="ID", help="Only this one, by id or name; repeatable.")
    parser.add_argument(
        "--form",
        choices=[form.value for form in ExportForm],
        default=ExportForm.BUNDLE.value,
        help="bundle: for another cocolora; peft: a folder for each adapter; combined: one adapter that is the sum; "
        "merged: a copy of the base with them in its weights; gguf: for llama.cpp and Ollama (default: %(default)s).",
    )
    parser.add_argument(
        "--with-questions",
        action="store_true",
        help="Add the questions (not the answers) that the adapters were taught, so that they route elsewhere.",
    )
    parser.add_argument(
        "--dtype",
        choices=[number.value for number in Number],
        help="merged: the numbers to round to (default: the base's own where they have 16 bits, else bfloat16).",
    )
    parser.add_argument("--no-signature", action="store_true", help="Do not sign the bundle although there is a key.")
    parser.add_argument(
        "--no-leak-check", action="store_true", help="Do not try first to make the adapters recite what they were told."
    )
    parser.add_argument(
        "--dataset",
        type=Path,
        metavar="FILE.jsonl",
        help="Write the TEXT of all turns and lessons of the profile, to teach another model; asks first.",
    )
    parser.add_argument("--yes", action="store_true", help="Do not ask.")


def _import_stack_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="DIR|FILE.zip")
    parser.add_argument("--switch-on", action="store_true", help="Switch on those that pass the gate here.")


def _profile_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "move", "delete"))
    parser.add_argument("what", nargs="?", metavar="CONVERSATION|NAME", help="What to move, or which to delete.")
    parser.add_argument(
        "--to", metavar="NAME", default=DEFAULT_PROFILE, help="The profile to move to (default: %(default)s)."
    )
    parser.add_argument("--yes", action="store_true", help="Do not ask.")


def _whole(least: int, most: int = sys.maxsize) -> Callable[[str], int]:
    """Return what reads a whole number within bounds, both included."""
    wanted = f"from {least} to {most}" if most < sys.maxsize else f"{least} or more"

    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{number} is not {wanted}")
        return number

    read.__name__ = "whole number"  # argparse names it where the text is none
    return read


def _bench_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", choices=("learning", "forgetting", "stack", "training", "bases", "gpu", "crash", "memory", "import")
    )
    parser.add_argument("--words", type=_whole(1), default=333_000, help="import: words of past chats.")
    parser.add_argument(
        "--facts", type=_whole(1, _MOST_FACTS), help="Facts told in one life (default: 8; forgetting: 64)."
    )
    parser.add_argument("--facts-per-stretch", type=_whole(1), default=4, help="Facts told in one conversation.")
    parser.add_argument("--rollup-every", type=_whole(0), default=0, help="Roll up after so many facts; 0: never.")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="Go on from here after an interruption.")
    parser.add_argument(
        "--table", type=Path, metavar="FILE", help="learning, forgetting: put the table into this Markdown file."
    )
    parser.add_argument("--seeds", type=_whole(1), default=3, help="Lives, each with facts of its own.")
    parser.add_argument("--steps", type=_whole(1), help="training: steps of each training (default: the setting's).")
    parser.add_argument("--webui", type=Path, metavar="PATH", help="training: beside the do_train of this webui.")
    parser.add_argument("--webui-python", type=Path, metavar="FILE", help="training: the webui's Python, if elsewhere.")
    parser.add_argument("--kind", action="append", metavar="KIND", help="bases: only this kind, such as nf4; repeat.")
    parser.add_argument(
        "--shapes",
        nargs="+",
        choices=("llama-3-8b", "llama-3.2-1b"),
        default=("llama-3-8b",),
        help="gpu: of which models' shape (default: llama-3-8b).",
    )
    parser.add_argument("--chat", action="store_true", help="training: what a training and a chat cost each other.")
    parser.add_argument("--points", type=_whole(1), default=200, help="Processes that are killed (crash).")
    parser.add_argument("--seed", type=int, default=0, help="Where they are killed (crash).")
    parser.add_argument("--data", type=Path, metavar="DIR", help="memory: chats with annotated questions.")
    parser.add_argument(
        "--embedder-folder", type=Path, metavar="DIR", help="memory: a sentence-transformers model to embed with."
    )
    parser.add_argument(
        "--turns", type=int, nargs="*", default=(1000, 10_000, 100_000), help="memory: sizes at which costs are taken."
    )
