"""The rooms keep what the ports promise: the type checker reads these assignments."""

from cocolora.core.ports import LanguageModel, Stack, Trainer, TrainingStack
from cocolora.stack.live import LiveStack
from cocolora.training.live import LiveTrainer
from tests.model.tiny import make_model


def test_the_rooms_fit_their_ports():
    model: LanguageModel = make_model()
    stack: Stack = LiveStack(model)
    training_stack: TrainingStack = LiveStack(model)
    trainer: Trainer = LiveTrainer(model, training_stack, slice_ms=100)

    assert stack.attached == ()
    assert callable(trainer.train)
