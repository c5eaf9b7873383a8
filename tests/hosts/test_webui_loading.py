"""script.py as the host loads it: from both folders, twice in a process, with what it needs missing."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "extensions" / "cocolora" / "script.py"

HOST = """
    import importlib, importlib.util, sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from tests.hosts.fake_modules import fake_modules
    sys.path.pop(0)
    user_data = Path({user_data!r})
    sys.modules.update(fake_modules(user_data))

    def load_user():
        spec = importlib.util.spec_from_file_location("user_ext_cocolora", {script!r})
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        module.setup()
        return module

    def load_system():
        sys.path.insert(0, {webui!r})
        return importlib.import_module("extensions.cocolora.script")

    def engine():
        return sys.modules["cocolora.hosts.webui"]._host.engine
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs code in a process of its own, as the host would; it returns what was printed."""

    def run(code, *, script=SCRIPT, webui=SCRIPT.parents[2], blocked=()):
        block = f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
        names = {"tests": str(SCRIPT.parents[2]), "user_data": str(tmp_path / "user_data")}
        host = textwrap.dedent(HOST).format(**names, script=str(script), webui=str(webui))
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block + host + textwrap.dedent(code)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    return run


def test_the_user_folder_loads_it_without_its_folder_on_the_path(run, tmp_path):
    out, _ = run("module = load_user(); print(engine().home.folder, module.params['is_tab'])")
    assert out.split() == [str(tmp_path / "user_data" / "cocolora"), "True"]


def test_loading_it_again_in_the_same_process_keeps_one_engine_and_one_module(run):
    out, _ = run(
        """
        first = load_user()
        before, package = engine(), sys.modules["cocolora"]
        second = load_user()
        print(first is not second, engine() is before, sys.modules["cocolora"] is package)
        host = sys.modules["cocolora.hosts.webui"]._host
        print(host.params is second.params, sys.path.count(str(Path(first.__file__).parent)))
        """
    )
    assert out.split() == ["True", "True", "True", "True", "1"]


def test_both_folders_give_one_module_identity(run, tmp_path):
    extensions = tmp_path / "webui" / "extensions"
    extensions.mkdir(parents=True)
    (extensions / "cocolora").symlink_to(SCRIPT.parent)
    out, _ = run(
        """
        user = load_user()
        system = load_system()
        system.setup()
        print(user.__name__, system.__name__, user._webui is system._webui)
        print(sorted(name for name in sys.modules if name.endswith("hosts.webui")))
        """,
        webui=tmp_path / "webui",
    )
    first, second = out.splitlines()
    assert first == "user_ext_cocolora extensions.cocolora.script True"
    assert second == "['cocolora.hosts.webui']"


def test_the_system_folder_alone_is_enough(run, tmp_path):
    extensions = tmp_path / "webui" / "extensions"
    extensions.mkdir(parents=True)
    (extensions / "cocolora").symlink_to(SCRIPT.parent)
    out, _ = run("load_system().setup(); print(engine().status().turns)", webui=tmp_path / "webui")
    assert out.strip() == "0"


def test_no_name_in_the_script_is_taken_for_a_hook_by_mistake(run):
    out, _ = run("module = load_user(); print(sorted(name for name in vars(module) if not name.startswith('_')))")
    hooks = "custom_generate_chat_prompt history_modifier input_modifier output_modifier setup state_modifier"
    assert out.strip() == str(sorted([*hooks.split(), "params", "tokenizer_modifier", "ui"]))


def test_loading_it_imports_nothing_heavy(run):
    out, _ = run(
        """
        sys.path.append(str(Path({0!r}).parent))
        import importlib.util
        spec = importlib.util.spec_from_file_location("user_ext_cocolora", {0!r})
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        print([name for name in ("torch", "transformers", "peft", "chromadb", "gradio", "ray") if name in sys.modules])
        """.replace("{0!r}", repr(str(SCRIPT)))
    )
    assert out.strip() == "[]"


def test_a_missing_chromadb_takes_nothing_but_vectors_away(run):
    out, err = run("load_user(); print(engine().status().sentence)", blocked=("chromadb",))
    assert "0 turns remembered" in out
    assert "Traceback" not in err


def test_a_missing_package_switches_it_off_with_the_next_step_and_the_webui_starts(run):
    out, _ = run(
        """
        from types import ModuleType
        shown = []
        sys.modules["gradio"] = gradio = ModuleType("gradio")
        gradio.Markdown = shown.append
        module = load_user()
        module.ui()
        print(shown[0])
        state = {"history": {"internal": [], "visible": []}}
        assert module.history_modifier(state["history"]) is state["history"]
        assert module.state_modifier(state) is state
        assert module.input_modifier("text", state, is_chat=True) == "text"
        assert module.custom_generate_chat_prompt("text", state) is None
        assert module.tokenizer_modifier(state, "prompt", 1, None) == ("prompt", 1, None)
        assert module.output_modifier("text", state, is_chat=True) == "text"
        """,
        blocked=("filelock",),
    )
    assert '"filelock" is missing' in out
    assert "python install.py webui" in out


def test_a_damaged_journal_switches_it_off_in_words(run, tmp_path):
    home = tmp_path / "user_data" / "cocolora"
    home.mkdir(parents=True)
    (home / "journal.db").write_bytes(b"not a database at all" * 100)
    out, _ = run("load_user(); print(sys.modules['cocolora.hosts.webui']._trouble)")
    assert "journal.db" in out
    assert (home / "journal.db").read_bytes().startswith(b"not a database")
