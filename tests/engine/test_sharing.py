"""What was learned leaves in every form, and answers there as it did here."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from cocolora.cli import main
from cocolora.cli.terminal import console
from cocolora.core.adapters import Activation, Adapter, AdapterKind, AdapterState, Recipe
from cocolora.core.conversations import ChatMessage
from cocolora.core.export import ExportForm, Number
from cocolora.core.gate import Scores, judge
from cocolora.core.ids import derive_id
from cocolora.core.lessons import LessonKind, make_lesson
from cocolora.core.records import Occasion, Outcome
from cocolora.engine import catalogue, handlers
from cocolora.engine.desks.sharing import SharingDesk
from cocolora.engine.leaks import Leak
from cocolora.engine.open_model import DEMO_BASE, model_in
from cocolora.engine.share import ExportWish
from cocolora.errors import CannotExport, CocoloraError
from cocolora.stack.files import LowRankPair, write_adapter
from cocolora.stack.manifest import Manifest
from tests.engine.conftest import BOSS, DOG

QUESTION: ChatMessage = {"role": "user", "content": "What is my boss called?"}


def test_an_empty_profile_has_nothing_to_export(engine, tmp_path):
    for form in ExportForm:
        with pytest.raises(CocoloraError, match="no adapter to export"):
            engine.sharing.export(tmp_path / "out", form=form, base_folder=DEMO_BASE)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_merged_base_knows_what_the_adapter_knew_and_all_forms_hold_no_word_of_the_chat(taught, tmp_path):
    boss = [adapter for adapter in taught.adapters() if len(adapter.turn_versions) == 1]
    for form in ExportForm:
        done = taught.sharing.export(tmp_path / form, adapter_ids=[boss[0].id], form=form, base_folder=DEMO_BASE)
        assert done.size_bytes > 0
        assert not done.interferes
    merged = model_in(tmp_path / ExportForm.MERGED)()
    assert "Torvald" in merged.generate([[QUESTION]])[0]
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_relative_to(taught.home.folder):
            content = path.read_bytes().lower()
            assert b"torvald" not in content, path
            assert BOSS[0].lower().encode() not in content, path


@pytest.mark.slow
def test_an_export_in_the_background_is_done_once_and_can_be_taken_up_again(taught, tmp_path):
    wish = ExportWish("personal", form=ExportForm.PEFT)
    target = tmp_path / "all.zip"
    taught.sharing.start_export(target, wish)
    assert taught.jobs.wait(timeout_s=60)
    assert taught.jobs.last.message.startswith("2 adapters in all.zip")
    with pytest.raises(FileExistsError, match="Choose another name"):
        taught.sharing.start_export(target, wish)
    written = target.read_bytes()
    taught.jobs.submit("export", handlers.exporting(tmp_path / "other.zip", wish) | {"target": str(target)})
    assert taught.jobs.wait(timeout_s=60)
    assert taught.jobs.last.message == "all.zip is written."
    assert target.read_bytes() == written


@pytest.mark.slow
def test_several_facts_at_once_are_warned_of(taught, tmp_path):
    assert taught.sharing.export(tmp_path / "one", form=ExportForm.COMBINED).interferes


@pytest.fixture
def landed_home(make_engine, tell, tmp_path):
    """A home with one adapter of the demo base that changes next to nothing: nothing had to be trained for it."""
    engine = make_engine(tmp_path / "home")
    tell(engine, "pets", DOG)
    (turn,) = engine.turns()
    lesson = make_lesson(
        LessonKind.FACT, question="Who?", answer="It is Biscuit.", key="Biscuit", turn_id=turn.id, turn_version=1
    )
    base = engine.workbench().model.identity
    engine.journal.add_lessons([lesson], base_fingerprint=base.fingerprint, now=turn.said_at)
    recipe = Recipe(rank=2, alpha=4.0, learning_rate=3e-3, steps=1, batch_samples=8, seed=0)
    adapter_id = derive_id("adapter", "landed")
    path = "model.layers.0.self_attn.q_proj"
    outputs, inputs = engine.workbench().model.network.get_submodule(path).weight.shape
    layers = {path: LowRankPair(torch.full((2, inputs), 1e-4), torch.full((outputs, 2), 1e-4))}
    folder = engine.home.adapter_folder(adapter_id)
    draft = Manifest(adapter_id=adapter_id, base=base, recipe=recipe)
    written = write_adapter(folder, layers, alpha=4.0, targets=[path], manifest=draft)
    adapter = Adapter(
        id=adapter_id,
        name="pets",
        kind=AdapterKind.KNOWLEDGE,
        profile="personal",
        activation=Activation.ROUTED,
        state=AdapterState.READY,
        weight=1.0,
        base=base,
        recipe=recipe,
        sha256=written.sha256,
        size_bytes=(folder / "adapter_model.safetensors").stat().st_size,
        made_at=turn.said_at,
        scores=Scores(1.0, 1.0, 1.0, 1.0),
        turn_versions=((turn.id, 1),),
    )
    engine.journal.land_adapter(adapter, readings={(turn.id, 1): Outcome.LEARNED}, now=turn.said_at)
    engine.close()
    return tmp_path


@pytest.mark.parametrize("form", [ExportForm.MERGED, ExportForm.GGUF])
def test_the_files_of_another_model_of_the_same_shape_are_refused(form, landed_home, make_engine, tmp_path):
    engine = make_engine(landed_home / "home")
    other = shutil.copytree(DEMO_BASE, tmp_path / "other")
    tensors = load_file(other / "model.safetensors")
    name = next(name for name in tensors if name.endswith("q_proj.weight"))
    save_file(tensors | {name: -tensors[name]}, other / "model.safetensors")
    with pytest.raises(CannotExport, match="other holds another model than demo-base"):
        engine.sharing.export(tmp_path / "out", form=form, base_folder=other)
    assert not (tmp_path / "out").exists()


def test_files_that_cannot_be_compared_with_the_base_are_used_and_that_is_said(landed_home, make_engine, tmp_path):
    engine = make_engine(landed_home / "home")
    (tmp_path / "bare").mkdir()
    shutil.copy(DEMO_BASE / "config.json", tmp_path / "bare")
    done = engine.sharing.export(tmp_path / "out", form=ExportForm.GGUF, base_folder=tmp_path / "bare")
    assert "bare holds demo-base" in done.unchecked
    assert done.sentence.endswith("could not be checked: make sure that it does.")
    assert not engine.sharing.export(tmp_path / "sure", form=ExportForm.GGUF, base_folder=DEMO_BASE).unchecked


@pytest.mark.parametrize("number", [None, *Number])
def test_the_numbers_of_a_merged_base_are_chosen_in_the_background_too(number, landed_home, make_engine, tmp_path):
    engine = make_engine(landed_home / "home")
    wish = ExportWish("personal", form=ExportForm.MERGED, base_folder=DEMO_BASE, number=number)
    engine.sharing.start_export(tmp_path / "merged", wish)
    assert engine.jobs.wait(timeout_s=60)
    config = json.loads((tmp_path / "merged" / "config.json").read_text(encoding="utf-8"))
    assert config["dtype"] == (number or Number.BFLOAT16)


@pytest.fixture
def run(landed_home, capsys):
    """Return a function that runs a command with --json on one of the homes: (exit code, output)."""

    def run(*words, home="home"):
        code = main([words[0], "--home", str(landed_home / home), "--json", *map(str, words[1:])])
        return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return run


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"adapter_id": "another"}, "adapter_id another"),
        ({"base": {"name": "demo-base", "fingerprint": "0" * 64}}, f"base {'0' * 64}"),
        ({"rank": 3}, "rank 3, the catalogue 2"),
        ({"steps": 700}, "steps 700, the catalogue 1"),
    ],
)
def test_a_manifest_that_says_otherwise_than_the_catalogue_is_named(change, named, landed_home, make_engine):
    engine = make_engine(landed_home / "home")
    assert engine.verify() == []
    (adapter,) = engine.adapters()
    file = engine.home.adapter_folder(adapter.id) / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    place = manifest if change.keys() <= manifest.keys() else manifest["recipe"]
    place.update(change)
    file.write_text(json.dumps(manifest), encoding="utf-8")
    (fault,) = engine.verify()
    assert (fault.kind, fault.subject) == ("adapter file", adapter.id)
    assert named in fault.detail


@pytest.fixture
def gift(landed_home, make_engine, tmp_path):
    """An engine that took an adapter in, which changes next to nothing, and the adapter."""
    make_engine(landed_home / "home").sharing.export(tmp_path / "stack.zip", with_questions=True)
    friend = make_engine(tmp_path / "friend")
    (taken,) = friend.sharing.take_in(tmp_path / "stack.zip", profile="work").adapters
    return friend, taken


def test_an_imported_adapter_meets_the_gate_of_its_profile_and_then_the_whole_stack_is_asked(gift):
    friend, taken = gift
    friend.change_settings("gate", probes=4)
    friend.change_settings_in("work", "gate", retention_loss=1.0, abstention=0.0, loss_rise=100.0)
    friend.journal.change_adapter(taken.id, weight=1e9)
    friend.catalogue.start_admission(taken, Activation.ALWAYS)
    assert friend.jobs.wait(timeout_s=120)
    assert "takes part" in friend.jobs.last.message
    on = friend.journal.adapter(taken.id)
    assert on.usable
    assert not judge(replace(on.scores, recall=1.0), friend.settings.gate).passed
    (stack,) = friend.verdicts(profile="work", adapter_id="")
    assert (stack.occasion, stack.passed) == (Occasion.ADMITTED, True)


def test_a_stack_that_an_imported_adapter_spoils_is_told_of(gift, monkeypatch):
    friend, taken = gift
    friend.change_settings("gate", probes=4)

    def admit(run, adapter):
        run.rooms.journal.change_adapter(adapter.id, state=AdapterState.READY, weight=1e9)

    monkeypatch.setattr(catalogue, "admit", admit)
    friend.catalogue.start_admission(taken, Activation.ALWAYS)
    assert friend.jobs.wait(timeout_s=120)
    assert "takes part. But the stack as a whole is weak: it keeps" in friend.jobs.last.message
    assert friend.catalogue.weakness("personal") == ""


@pytest.fixture
def export(landed_home, monkeypatch, capsys, tmp_path):
    """Return a function that exports an adapter which recites, as a person would: (exit code, output)."""

    def check(desk, **_):
        return (Leak(desk.would_leave()[0], keys=2, asked=recited[0]),)

    recited = [1]
    monkeypatch.setattr(SharingDesk, "check_leaks", check)

    def export(*options, answer=None, asked=1):
        recited[0] = asked
        monkeypatch.setattr("sys.stdin.isatty", lambda: answer is not None)
        monkeypatch.setattr(console, "input", lambda question: answer)
        code = main(["export", "--home", str(landed_home / "home"), str(tmp_path / "out"), *options])
        return code, " ".join(capsys.readouterr().out.split())

    return export


def test_what_is_recited_is_said_before_anything_is_written_and_needs_a_yes(export, tmp_path):
    for answer in (None, "", "n"):
        code, out = export(answer=answer)
        assert code == 1
        assert '"pets" recites 1 of 2 private answers' in out
        assert not (tmp_path / "out").exists()
    code, out = export(answer="y")
    assert code == 0
    assert out.index("recites 1 of 2") < out.index("An adapter shares what it learned") < out.index("Wrote 1 adapter")
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize(("options", "asked"), [(["--yes"], 1), (["--json"], 1), (["--no-leak-check"], 1), ([], 0)])
def test_nothing_is_asked_where_it_was_answered_or_nothing_was_recited(options, asked, export, tmp_path):
    assert export(*options, asked=asked)[0] == 0
    assert (tmp_path / "out").exists()


@pytest.mark.slow
def test_commands_share_a_stack_from_one_home_to_another(run, tmp_path):
    public = run("key", "--make")[1]["public_key"]
    code, out = run("export", tmp_path / "stack.zip", "--with-questions")
    assert (code, out["signer"], out["warnings"]) == (0, public, [])
    assert [(leak["keys"], leak["asked"]) for leak in out["leaks"]] == [(1, 0)]
    code, into = run("import-stack", tmp_path / "stack.zip", "--switch-on", home="friend")
    assert (code, into["signer"], into["refused"]) == (0, public, [])
    assert into["adapters"] == out["adapters"]
    assert public in " ".join(into["report"])
    for form in ExportForm:
        code, out = run("export", tmp_path / f"as {form}", "--form", form, "--no-leak-check", home="friend")
        assert (code, out["leaks"], out["signer"], len(out["adapters"])) == (0, [], "", 1)
    run("export", tmp_path / "half", "--form", "merged", "--dtype", "float16", "--no-leak-check", home="friend")
    assert json.loads((tmp_path / "half" / "config.json").read_text(encoding="utf-8"))["dtype"] == "float16"
    code, out = run("export", tmp_path / "one", "--adapter", "pets", home="friend")
    assert [leak["keys"] for leak in out["leaks"]] == [0]
