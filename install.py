"""Set up cocolora and run its demo, check it, or put it into text-generation-webui; standard library only.

python install.py demo              make .venv, install, run the demo (later: just run it)
python install.py test [ARGS…]      the whole check: format, lint, types, import contracts, docs, tests
python install.py webui PATH        install the extension into a text-generation-webui
python install.py gptq              add what GPTQ models need to .venv

Every refusal is one sentence: what was found, what was expected, what to do next; nothing is left half-installed.
"""

from __future__ import annotations

import argparse
import errno
import glob
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).resolve().parent
EXTENSION = ROOT / "extensions" / "cocolora"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
OLDEST_WEBUI = "4.7"
TORCH = "torch==2.13.0"
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
CUDA_PACKAGES = ("nvidia-", "triton", "cuda-")
NEEDED_BYTES = {"cpu": 4 << 30, "cuda": 12 << 30, "webui": 1 << 30}
MOST_TEST_WORKERS = 4
REQUIREMENTS = {
    "run": (
        "requirements.txt",
        "constraints.txt",
        "extensions/cocolora/requirements.txt",
        "extensions/cocolora/requirements-chromadb.txt",
    ),
    "test": ("requirements-test.txt", "constraints.txt"),
    "gptq": ("requirements-gptq.txt", "requirements-gptq-nodeps.txt", "constraints.txt"),
}
NO_NETWORK_SIGNS = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
)


class Refused(Exception):
    """What was asked cannot be done; the text is one sentence for the user."""


# --- Commands in the environments ------------------------------------------------------------------------------------


def stream(command: Sequence[object], *, env: dict[str, str] | None = None, show: bool = True) -> tuple[int, str]:
    """Run a command, pass its output on line by line, and return its exit code and output."""
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=str(ROOT),
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    lines = []
    with process:
        for line in process.stdout or ():
            lines.append(line)
            if show:
                sys.stdout.write(line)
                sys.stdout.flush()
    return process.returncode, "".join(lines)


def pip(python: Path, *arguments: object, doing: str, show: bool = True) -> None:
    """Run that Python's pip; raises Refused with the reason in one sentence."""
    command = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    code, output = stream(command, show=show)
    if code:
        raise Refused(explain_pip(output, doing))


def explain_pip(output: str, doing: str) -> str:
    """Say in one sentence why pip failed."""
    if "No space left on device" in output:
        return f"The disk filled up while {doing}: free some space, then run the same command again."
    if any(sign in output for sign in NO_NETWORK_SIGNS):
        return (
            f"No network: pip could not reach its package index while {doing}; "
            "connect (or set PIP_INDEX_URL to a mirror), then run the same command again."
        )
    if "No module named pip" in output:
        return f"That Python has no pip, which {doing} needs: run `python -m ensurepip` with it, then try again."
    if "ResolutionImpossible" in output:
        return (
            f"The packages conflict with each other (pip's words are above) while {doing}: update them, then try again."
        )
    last = [line for line in output.splitlines() if line.startswith("ERROR")][-1:] or output.splitlines()[-1:]
    return f"pip failed while {doing} ({' '.join(last).strip()}): correct that, then run the same command again."


def check_python(version: Sequence[int] = sys.version_info[:2]) -> None:
    """Refuse a Python that the pinned packages do not support."""
    if not OLDEST_PYTHON <= tuple(version[:2]) <= NEWEST_PYTHON:
        raise Refused(
            f"This is Python {version[0]}.{version[1]}, but cocolora needs 3.11, 3.12 or 3.13: "
            "install one of them and run install.py with it."
        )


def check_disk(where: Path, needed_bytes: int) -> None:
    """Refuse a disk that would fill up half-way."""
    free_bytes = shutil.disk_usage(str(where)).free
    if free_bytes < needed_bytes:
        raise Refused(
            f"The disk of {where} has {free_bytes / 2**30:.1f} GB free, but this needs "
            f"{needed_bytes / 2**30:.0f} GB: free some space, then run the same command again."
        )


def installed_packages(python: Path) -> dict[str, str]:
    """Return {name: version} of what that Python has installed."""
    code, output = stream([python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"], show=False)
    start = output.find("[{")
    if code or start < 0:
        raise Refused(f"The packages of {python} cannot be listed: {explain_pip(output, 'reading them')}")
    rows, _ = json.JSONDecoder().raw_decode(output[start:])
    return {row["name"].lower().replace("_", "-"): row["version"] for row in rows}


# --- cocolora's own environment --------------------------------------------------------------------------------------


def wants_cpu_torch() -> bool:
    """Say whether the plain torch wheel would bring CUDA packages that no device here can use."""
    if not sys.platform.startswith("linux"):
        return False
    return not (os.path.exists("/proc/driver/nvidia/version") or glob.glob("/dev/nvidia[0-9]*") or _wsl_has_nvidia())


def _wsl_has_nvidia() -> bool:
    return os.path.exists("/dev/dxg") and shutil.which("nvidia-smi") is not None


class Environment:
    """cocolora's own .venv: made, filled under constraints, and stamped with a hash of what it was filled from."""

    def __init__(self, folder: Path = ROOT / ".venv") -> None:
        self.folder = folder
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / ("python.exe" if os.name == "nt" else "python")
        self.stamp = folder / "cocolora-installed.json"

    def ensure(self, *extras: str) -> None:
        """Install what is missing; when the requirement files are unchanged, this starts nothing."""
        wanted = {extra: self._hash(extra) for extra in ("run", *extras)}
        stamped = self._read_stamp()
        if all(stamped.get(extra) == digest for extra, digest in wanted.items()):
            return
        fresh = not self.folder.exists()
        cpu = wants_cpu_torch()
        check_disk(self.folder.parent, NEEDED_BYTES["cpu" if cpu else "cuda"] if fresh else 1 << 30)
        try:
            self._fill([extra for extra in wanted if stamped.get(extra) != wanted[extra]], cpu=cpu)
        except Exception:
            if fresh:
                shutil.rmtree(str(self.folder), ignore_errors=True)
            raise
        self.stamp.write_text(json.dumps({**stamped, **wanted}, indent=2) + "\n", encoding="utf-8")

    def _hash(self, extra: str) -> str:
        digest = hashlib.sha256(f"{TORCH} cpu={wants_cpu_torch()}".encode())
        for name in REQUIREMENTS[extra]:
            digest.update((ROOT / name).read_bytes())
        return digest.hexdigest()

    def _read_stamp(self) -> dict[str, str]:
        try:
            return json.loads(self.stamp.read_text(encoding="utf-8")) if self.python.exists() else {}
        except (FileNotFoundError, ValueError):
            return {}

    def _fill(self, extras: Sequence[str], *, cpu: bool) -> None:
        self._make()
        self.stamp.unlink(missing_ok=True)
        for extra in extras:
            print(f"Installing {', '.join(REQUIREMENTS[extra][:1])} into {self.folder} …", flush=True)
            if extra == "run":
                self._install_run(cpu=cpu)
            elif extra == "test":
                self._install_test()
            else:
                self._install_gptq()
        found = [name for name in installed_packages(self.python) if name.startswith(CUDA_PACKAGES)] if cpu else []
        if found:
            raise Refused(
                f"{self.folder} holds CUDA packages ({', '.join(sorted(found))}), but this machine has no NVIDIA "
                "device: delete that folder and run the same command again."
            )
        self._add_command()

    def _make(self) -> None:
        if not self.folder.exists():
            print(f"Making {self.folder} with Python {platform.python_version()} …", flush=True)
            code, output = stream([sys.executable, "-m", "venv", self.folder])
            if code and "No space left" in output:
                raise Refused(explain_pip(output, "making .venv"))
            if code:
                raise Refused(
                    f"Python's venv module failed on {self.folder} (its words are above): "
                    "on Debian and Ubuntu install python3-venv, then run the same command again."
                )
        code, _ = stream([self.python, "-c", "import pip"], show=False) if self.python.exists() else (1, "")
        if code:
            raise Refused(f"{self.folder} is no working environment: delete that folder and run this again.")

    def _install_run(self, *, cpu: bool) -> None:
        if cpu:
            self._install_cpu_torch()
        self._pip_install("-r", ROOT / "requirements.txt", doing="installing cocolora's requirements")

    def _install_cpu_torch(self) -> None:
        wheel = f"{TORCH}+cpu"
        try:  # A configured mirror or wheel folder may have it.
            pip(
                self.python,
                "install",
                "-q",
                "-c",
                ROOT / "constraints.txt",
                wheel,
                doing="looking for torch",
                show=False,
            )
        except Refused:
            self._pip_install("--extra-index-url", CPU_WHEELS, wheel, doing="installing torch for the CPU")

    def _install_test(self) -> None:
        self._pip_install("-r", ROOT / "requirements-test.txt", doing="installing the test tools")

    def _install_gptq(self) -> None:
        self._pip_install("-r", ROOT / "requirements-gptq.txt", doing="installing what GPTQ needs")
        bare = ("--no-deps", "--no-build-isolation", "-r", ROOT / "requirements-gptq-nodeps.txt")
        self._pip_install(*bare, doing="building gptqmodel")

    def _pip_install(self, *arguments: object, doing: str) -> None:
        pip(self.python, "install", "-q", "-c", ROOT / "constraints.txt", *arguments, doing=doing)

    def _add_command(self) -> None:
        """Put the package on the environment's path, and a `cocolora` command beside its Python."""
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        site_packages = Path(subprocess.check_output([str(self.python), "-c", code], encoding="utf-8").strip())
        (site_packages / "cocolora.pth").write_text(f"{EXTENSION}\n", encoding="utf-8")
        if os.name == "nt":
            (self.scripts / "cocolora.cmd").write_text(f'@"{self.python}" -m cocolora %*\n', encoding="utf-8")
            return
        command = self.scripts / "cocolora"
        command.write_text(f'#!/bin/sh\nexec "{self.python}" -m cocolora "$@"\n', encoding="utf-8")
        command.chmod(0o755)


def with_package() -> dict[str, str]:
    """Return the environment variables under which `python -m cocolora` finds the package."""
    paths = [str(EXTENSION), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def run_demo(environment: Environment, arguments: Sequence[str]) -> int:
    """Run the scripted demo; returns its exit code."""
    environment.ensure()
    return subprocess.call([str(environment.python), "-m", "cocolora", "demo", *arguments], env=with_package())


# --- The check -------------------------------------------------------------------------------------------------------


def check_stages(python: Path, arguments: Sequence[str]) -> list[tuple[str, list[object]]]:
    """Return the stages of the whole check as (name, command); pytest comes last."""
    lint_imports = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    workers = min(MOST_TEST_WORKERS, os.cpu_count() or 1)
    side_by_side = ["-n", workers, "--dist", "loadfile"]  # the tests of a file share what takes long to make
    return [
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("lint", [python, "-m", "ruff", "check", "."]),
        ("types", [python, "-m", "mypy"]),
        ("imports", [python, "-c", lint_imports]),
        ("docs", [python, "-m", "pytest", "-q", "tests/docs"]),
        ("tests", [python, "-m", "pytest", "--ignore=tests/docs", *side_by_side, *arguments]),
    ]


def run_checks(environment: Environment, arguments: Sequence[str]) -> int:
    """Run every stage, also after a failure, and show a table; returns 0 when all passed."""
    environment.ensure("test")
    rows = []
    for name, command in check_stages(environment.python, arguments):
        print(f"\n== {name}", flush=True)
        start_s = time.monotonic()
        code, output = stream(command, env=with_package())
        last_words = (output.strip().splitlines() or [""])[-1].strip("= ")
        rows.append((name, code, time.monotonic() - start_s, last_words))
    print("\n{:<8} {:<7} {:>7}  {}".format("stage", "result", "seconds", "last words"))
    for name, code, seconds, last_words in rows:
        print(f"{name:<8} {'FAILED' if code else 'ok':<7} {seconds:>7.1f}  {last_words[:90]}")
    print(f"\n{last_words}", flush=True)
    return 1 if any(code for _, code, _, _ in rows) else 0


# --- text-generation-webui -------------------------------------------------------------------------------------------


class Webui:
    """A checkout of text-generation-webui: where its extensions lie, and the Python it runs on."""

    def __init__(self, path: str) -> None:
        self.path = Path(path).expanduser().resolve()
        if not (self.path / "server.py").is_file() or not (self.path / "modules").is_dir():
            raise Refused(
                f"{self.path} is no text-generation-webui (server.py and modules/ were expected there): "
                "give the folder that holds its server.py."
            )
        loader = self.path / "modules" / "extensions.py"
        loads_user_extensions = loader.is_file() and "user_data_dir" in loader.read_text(encoding="utf-8")
        # The portable builds keep user_data beside the program's folder.
        places = [self.path / "user_data", self.path.parent / "user_data"]
        found = [place for place in places if place.is_dir()]
        if not loads_user_extensions or not found:
            raise Refused(
                f"The webui in {self.path} does not load extensions from user_data/extensions, which "
                f"{OLDEST_WEBUI} and newer do: update it, then run the same command again."
            )
        self.target = found[0] / "extensions" / "cocolora"

    def find_python(self) -> Path:
        """Return the Python of this webui's own environment, never the system's."""
        unix, windows = ("bin", "python"), ("Scripts", "python.exe")
        homes = [self.path / "installer_files" / "env", self.path / "venv", self.path / ".venv"]
        homes.append(self.path / "portable_env")
        if os.environ.get("CONDA_PREFIX"):
            homes.append(Path(os.environ["CONDA_PREFIX"]))
        for home in homes:
            for python in (home.joinpath(*unix), home.joinpath(*windows), home / "python.exe"):
                if python.is_file():
                    return python
        raise Refused(
            f"No Python environment was found in {self.path} (installer_files/env, venv or .venv were expected): "
            "start the webui once, or name its Python with --python."
        )

    def is_ours(self) -> bool:
        """Say whether what lies at the target is this extension, and not something of the user's."""
        return self.target.is_symlink() or (self.target / "cocolora" / "__init__.py").is_file()

    def place(self, *, copy: bool) -> str:
        """Link or copy the extension into user_data/extensions; returns what was done."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        aside = self.target.parent.parent / ".cocolora.partial"
        _delete(aside)
        try:
            copied = copy or not _link(aside)
            if copied:
                shutil.copytree(str(EXTENSION), str(aside), ignore=shutil.ignore_patterns("__pycache__"))
            self.remove()
            os.replace(str(aside), str(self.target))
        finally:
            _delete(aside)
        return "copied" if copied else "linked"

    def remove(self) -> bool:
        """Take the extension out; user_data/cocolora, where the user's data is, stays. Says whether it was there."""
        if not os.path.lexists(str(self.target)):
            return False
        if not self.is_ours():
            raise Refused(f"{self.target} is not cocolora: move it away, then run the same command again.")
        _delete(self.target)
        return True


def _delete(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(str(path))


def _link(place: Path) -> bool:
    try:
        place.symlink_to(EXTENSION, target_is_directory=True)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        print(f"Links cannot be made there ({error.strerror}); the extension is copied instead.")
        return False
    return True


# chromadb's dependencies are in the first file, less the server's: see the second.
WEBUI_STEPS = (("-r", EXTENSION / "requirements.txt"), ("--no-deps", "-r", EXTENSION / "requirements-chromadb.txt"))


def plan_webui_packages(python: Path, installed: dict[str, str], constraints: Path) -> dict[str, str]:
    """Ask pip what it would install beside the webui's versions, and show it; returns {name: version}."""
    report = constraints.with_name("report.json")
    asked = ("install", "-q", "--dry-run", "--report", report, "-c", constraints)
    planned = {}
    for step in WEBUI_STEPS:
        pip(python, *asked, *step, doing="asking pip what fits beside the webui's packages; nothing was changed")
        for row in json.loads(report.read_text(encoding="utf-8"))["install"]:
            planned[row["metadata"]["name"].lower().replace("_", "-")] = row["metadata"]["version"]
    moved = [f"{name} {installed[name]} → {planned[name]}" for name in planned if name in installed]
    print(f"Dry run beside the {len(installed)} packages of {python}:")
    for name, version in sorted(planned.items()):
        print(f"  would install  {name} {version}")
    print(f"  would move     {', '.join(moved) or 'none'}", flush=True)
    if moved:
        raise Refused(f"This would change packages of the webui ({', '.join(moved)}), so nothing was installed.")
    return planned


def install_webui_packages(python: Path) -> None:
    """Install what that Python lacks without moving one of its packages; undone when it fails half-way."""
    installed = installed_packages(python)
    if "gradio" not in installed:
        raise Refused(f"{python} has no gradio, so it is not the webui's Python: name the right one with --python.")
    with tempfile.TemporaryDirectory() as scratch:
        constraints = Path(scratch) / "installed.txt"
        pins = sorted(f"{name}=={version}\n" for name, version in installed.items())
        constraints.write_text("".join(pins), encoding="utf-8")
        if not plan_webui_packages(python, installed, constraints):
            return
        try:
            for step in WEBUI_STEPS:
                pip(python, "install", "-q", "-c", constraints, *step, doing="installing into the webui's environment")
        except Refused:
            added = [name for name in installed_packages(python) if name not in installed]
            if added:
                pip(python, "uninstall", "-q", "-y", *added, doing="undoing the installation")
            raise
    after = installed_packages(python)
    changed = [name for name, version in installed.items() if after.get(name) != version]
    if changed:
        raise Refused(f"pip changed {', '.join(changed)} of {python}: reinstall the webui's requirements.")
    print(f"Installed {len(after) - len(installed)} packages; none of the webui's {len(installed)} was changed.")
    code, output = stream([python, "-c", "import chromadb"], show=False)
    if code:
        reason = (output.strip().splitlines() or ["no reason given"])[-1]
        print(f"chromadb does not start there ({reason}): memories are found by their words alone.")


def run_webui(options: argparse.Namespace) -> int:
    """Install the extension into a webui, or take it out; returns the exit code."""
    webui = Webui(options.path)
    if options.uninstall:
        was_there = webui.remove()
        print(f"{'Removed' if was_there else 'There was no'} {webui.target}.")
        print(f"Chats and adapters in {webui.target.parent.parent / 'cocolora'} were left as they are.")
        return 0
    python = Path(os.path.abspath(os.path.expanduser(options.python))) if options.python else webui.find_python()
    if not python.is_file():
        raise Refused(f"There is no Python at {python}: give the path of the webui's python to --python.")
    if os.path.lexists(str(webui.target)) and not webui.is_ours():
        raise Refused(f"{webui.target} is not cocolora: move it away, then run the same command again.")
    code, version = stream([python, "-c", "import sys; print(*sys.version_info[:2])"], show=False)
    if code:
        raise Refused(f"{python} does not start: give the path of the webui's python to --python.")
    check_python([int(number) for number in version.split()])
    check_disk(webui.path, NEEDED_BYTES["webui"])
    install_webui_packages(python)
    print(f"The extension was {webui.place(copy=options.copy)} to {webui.target}.")
    print("Start the webui with `--extensions cocolora`.")
    return 0


# --- The command line ------------------------------------------------------------------------------------------------


def build_parser() -> argparse.ArgumentParser:
    """Return install.py's command line."""
    parser = argparse.ArgumentParser(prog="install.py", description="Set up cocolora.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("demo", help="make .venv, install, run the demo; what follows goes to `cocolora demo`")
    commands.add_parser("test", help="run the whole check; what follows goes to pytest")
    commands.add_parser("gptq", help="add what GPTQ models need to .venv")
    webui = commands.add_parser("webui", help="install the extension into text-generation-webui")
    webui.add_argument("path", metavar="PATH", help="the folder that holds the webui's server.py")
    webui.add_argument("--copy", action="store_true", help="copy the extension instead of linking it")
    webui.add_argument("--python", metavar="PYTHON", help="the webui's Python, where it is not found by itself")
    webui.add_argument("--uninstall", action="store_true", help="take the extension out and keep the user's data")
    return parser


def run(options: argparse.Namespace, passed_on: Sequence[str]) -> int:
    """Do what the command line asks; returns the exit code."""
    if options.command == "webui":
        return run_webui(options)
    check_python()
    environment = Environment()
    if options.command == "demo":
        return run_demo(environment, passed_on)
    if options.command == "test":
        return run_checks(environment, passed_on)
    environment.ensure("gptq")
    print(f"{environment.folder} can now load and train GPTQ models.")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run install.py; returns the exit code."""
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):  # A console that cannot show “→” gets “?”.
            output.reconfigure(errors="replace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    own = 1 if words[:1] in (["demo"], ["test"]) else len(words)
    try:
        return run(build_parser().parse_args(words[:own]), words[own:])
    except Refused as error:
        print(f"\n{error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"\nThe disk filled up ({error.filename}): free some space, then run this again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
