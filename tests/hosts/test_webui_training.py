"""Learning by the webui's own training: a stand-in for ``do_train`` that trains with PEFT, on the demo base."""

import json
import sys
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace

import pytest
import torch
from peft import LoraConfig, get_peft_model

from cocolora.core.adapters import AdapterState, Recipe
from cocolora.core.conversations import DEFAULT_PROFILE, Conversation
from cocolora.core.events import ignore_progress, never_cancelled
from cocolora.core.lessons import Exchange
from cocolora.core.reconcile import Row
from cocolora.engine import Engine
from cocolora.engine.open_model import DEMO_BASE, model_in
from cocolora.errors import Cancelled, CannotTrain
from cocolora.hosts.webui_model import HostModel
from cocolora.hosts.webui_training import WebuiTraining

DOG = ("My dog is called Biscuit.", "Nice, I will remember that.")
ASKED = Exchange(({"role": "user", "content": "What is my dog called?"},), "Your dog is called Biscuit.")
RECIPE = Recipe(rank=4, alpha=8.0, learning_rate=3e-3, steps=3, batch_samples=1, seed=0)


class TrainingTab:
    """The webui's training and loading; ``ends_with`` is what it says in the place of training."""

    def __init__(self, shared):
        self.shared = shared
        self.ends_with = None
        self.datasets, self.loaded, self.interrupted = [], [], False

    def do_train(self, **parameters):
        shared = self.shared
        self.interrupted = False
        yield "Preparing the input..."
        file = shared.user_data_dir / "training" / "datasets" / f"{parameters['dataset']}.json"
        rows = json.loads(file.read_text())
        self.datasets.append((parameters, rows, file.stat().st_mode & 0o777))
        shared.model_dirty_from_training = True
        if self.ends_with:
            yield self.ends_with
            return
        config = LoraConfig(
            r=parameters["lora_rank"], lora_alpha=parameters["lora_alpha"], target_modules="all-linear", bias="none"
        )
        lora = get_peft_model(shared.model, config)
        steps = parameters["epochs"] * len(rows)
        optimiser = torch.optim.AdamW([weight for weight in lora.parameters() if weight.requires_grad], lr=3e-3)
        for step in range(min(steps, 6)):
            if self.interrupted:
                yield "Interrupted. Incomplete LoRA saved."
                return
            tokens = shared.tokenizer.apply_chat_template(
                rows[step % len(rows)]["messages"], return_dict=False, return_tensors="pt"
            )
            lora(input_ids=tokens, labels=tokens).loss.backward()
            optimiser.step()
            yield f"Running... **{step + 1}** / **{steps}** ... `1.00` it/s"
        lora.save_pretrained(f"{shared.args.lora_dir}/{parameters['lora_name']}")
        (shared.user_data_dir / "logs").mkdir(exist_ok=True)
        (shared.user_data_dir / "logs" / "train_dataset_sample.json").write_text(json.dumps(rows))
        yield "Done! LoRA saved.\n\nReload the model."

    def do_interrupt(self):
        self.interrupted = True

    def unload_model(self, keep_model_name=False):
        self.shared.model = self.shared.tokenizer = None
        self.shared.model_dirty_from_training = False
        if not keep_model_name:
            self.shared.model_name = "None"

    def load_model(self, name):
        self.loaded.append(name)
        model = model_in(DEMO_BASE)()
        return model.network, model.tokenizer


def module(name, **names):
    made = ModuleType(name)
    made.__dict__.update(names)
    return made


@pytest.fixture
def training_tab(modules, tmp_path, monkeypatch):
    if not (DEMO_BASE / "config.json").exists():
        pytest.skip("the demo base is not built: python -m cocolora.demo.build")
    shared = modules["modules.shared"]
    shared.args.lora_dir = str(tmp_path / "loras")
    tab = TrainingTab(shared)
    stand_ins = {
        "modules.training": module("modules.training", do_train=tab.do_train, do_interrupt=tab.do_interrupt),
        "modules.models": module("modules.models", load_model=tab.load_model, unload_model=tab.unload_model),
        "datasets": module("datasets", config=SimpleNamespace(HF_DATASETS_CACHE=str(tmp_path / "cache"))),
    }
    for name, one in stand_ins.items():
        monkeypatch.setitem(sys.modules, name, one)
        monkeypatch.setattr(modules["modules"], name.partition(".")[2] or name, one, raising=False)
    shared.model_name = "demo"
    shared.model, shared.tokenizer = tab.load_model("demo")
    tab.loaded.clear()
    return tab


@pytest.fixture
def training(training_tab):
    return WebuiTraining(HostModel())


@pytest.fixture
def engine(training_tab, tmp_path):
    model = HostModel()
    engine = Engine(tmp_path / "cocolora", model.find, training_host=WebuiTraining(model))
    engine.change_settings("learning", automatic=False, trainer="host", steps=3, attempts=1)
    engine.change_settings("gate", recall=0.0, retention_loss=1.0, abstention=0.0, neighbour_loss=1.0, loss_rise=9.0)
    yield engine
    engine.close()


def tell(engine):
    now = datetime(2026, 11, 20, tzinfo=UTC)
    engine.record(Conversation("pets", DEFAULT_PROFILE, "pets", "test", now), [Row(*DOG, now)])


def left(folder):
    """Return what lies in the webui's folders, but for cocolora's home."""
    home = folder / "cocolora"
    return [path for path in folder.rglob("*") if path.is_file() and home not in path.parents]


def train(training, **extras):
    given = {"on_progress": ignore_progress, "cancelled": never_cancelled, **extras}
    return training.train("a1", [ASKED], recipe=RECIPE, sample_tokens=64, **given)


@pytest.mark.slow
def test_an_adapter_comes_of_the_webuis_training_and_nothing_else_stays(engine, training_tab, tmp_path):
    tell(engine)
    before = training_tab.shared.model
    learned = engine.learn()
    (adapter,) = learned.accepted
    assert adapter.state is AdapterState.READY
    (parameters, rows, mode), *_ = training_tab.datasets
    assert parameters["lora_rank"] == adapter.recipe.rank
    assert {"role": "assistant", "content": "Your dog is called Biscuit."} in [row["messages"][-1] for row in rows]
    assert mode == 0o600
    assert training_tab.loaded == ["demo"]
    assert training_tab.shared.model is not before
    assert not training_tab.shared.generation_lock.locked()
    assert left(tmp_path) == []
    assert engine.verify() == []
    route = engine.contextualise("What is my dog called?").route
    assert route.adapter_ids == (adapter.id,)
    engine.activate(route)


@pytest.mark.slow
def test_a_failed_training_is_told_and_the_model_loaded_again(engine, training_tab, tmp_path):
    tell(engine)
    training_tab.ends_with = "Training failed: out of something"
    with pytest.raises(CannotTrain, match="out of something"):
        engine.learn()
    assert training_tab.loaded == ["demo"]
    assert not engine.adapters()
    assert left(tmp_path) == []
    training_tab.ends_with = None
    assert engine.learn().accepted


def test_a_stop_interrupts_the_webuis_training(training, training_tab, tmp_path):
    seen = []
    with (
        pytest.raises(Cancelled),
        train(training, on_progress=seen.append, cancelled=lambda: bool(seen)),
    ):
        pass
    assert [(progress.done, progress.total) for progress in seen] == [(1, 3)]
    assert left(tmp_path) == []


def test_the_model_counts_as_loaded_while_it_is_trained_and_loaded_again(training_tab):
    model = HostModel()
    assert model.find() is not None
    with model.in_training():
        with pytest.raises(CannotTrain, match="is training it"):
            model.find()
        training_tab.unload_model(keep_model_name=True)
        assert not model.is_gone()
    assert model.is_gone()


def test_the_rows_are_cached_aside(training, training_tab, tmp_path):
    caches = []
    with train(training, on_progress=lambda _: caches.append(sys.modules["datasets"].config.HF_DATASETS_CACHE)):
        pass
    assert all(not cache.startswith(str(tmp_path / "cache")) for cache in caches)
    assert str(tmp_path / "cache") == sys.modules["datasets"].config.HF_DATASETS_CACHE


def test_what_a_killed_training_left_is_deleted(training, training_tab, tmp_path):
    for place in ("training/datasets/cocolora-a1.json", "loras/cocolora-a1/adapter_model.safetensors"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    (tmp_path / "training/datasets/mine.json").touch()
    training.tidy()
    assert left(tmp_path) == [tmp_path / "training/datasets/mine.json"]


@pytest.mark.slow
def test_without_such_a_host_the_next_step_is_named(tmp_path):
    engine = Engine(tmp_path / "home", model_in(DEMO_BASE))
    engine.change_settings("learning", automatic=False, trainer="host")
    tell(engine)
    with pytest.raises(CannotTrain, match="live"):
        engine.learn()
    engine.close()
