"""A sentence-transformers folder is read as its files say, without that library."""

import json
from pathlib import Path

import numpy as np
import pytest

from cocolora.errors import EmbedderUnavailable
from cocolora.model.sentences import SentenceModel

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] my dog is called rex the sea was calm today".split()


def write_folder(folder: Path, **pooling: bool) -> Path:
    """Write a tiny encoder with random weights, in the form that sentence-transformers saves."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    folder.mkdir()
    BertTokenizerFast(vocab={word: number for number, word in enumerate(WORDS)}).save_pretrained(folder)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(WORDS), **sizes)).save_pretrained(folder)
    kinds = {"Transformer": "", "Pooling": "1_Pooling"}
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": path} for kind, path in kinds.items()]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    (folder / "1_Pooling").mkdir()
    modes = {f"pooling_mode_{mode}": on for mode, on in pooling.items()}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes), encoding="utf-8")
    return folder


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token"])
def test_vectors_have_length_one_and_do_not_depend_on_what_is_embedded_beside_them(tmp_path, pooling):
    model = SentenceModel(write_folder(tmp_path / "tiny", **{pooling: True}))
    together = np.array(model.embed(["my dog is called rex", "the sea"]))
    alone = np.array([*model.embed(["my dog is called rex"]), *model.embed(["the sea"])])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_folder_that_is_no_such_model_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(EmbedderUnavailable, match=r"modules\.json"):
        SentenceModel(tmp_path)


def test_pooling_that_is_not_understood_is_refused_before_anything_is_loaded(tmp_path):
    with pytest.raises(EmbedderUnavailable, match="max_tokens"):
        SentenceModel(write_folder(tmp_path / "tiny", max_tokens=True))


def test_folder_without_weights_is_refused_when_it_is_first_used(tmp_path):
    folder = write_folder(tmp_path / "tiny", mean_tokens=True)
    (folder / "model.safetensors").unlink()
    with pytest.raises(EmbedderUnavailable, match="cannot be loaded"):
        SentenceModel(folder).embed(["the sea"])


def test_minilm_finds_the_same_said_in_other_words(minilm):
    dog, paraphrase, sea = np.array(
        SentenceModel(minilm).embed(["My dog is called Rex.", "What name has my puppy?", "The sea was calm today."])
    )
    assert dog @ paraphrase > 0.4 > dog @ sea
