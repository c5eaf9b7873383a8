import pytest
import torch

from cocolora.bench.gpu import measure, run_gpu
from cocolora.bench.shapes import SHAPES
from cocolora.core.adapters import Recipe
from cocolora.core.events import ignore_progress
from cocolora.errors import NoGPU

TINY = {
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_is_refused_with_what_to_do_instead():
    with pytest.raises(NoGPU, match=r"torch finds no GPU here.*bench stack"):
        run_gpu(["llama-3-8b"], on_progress=ignore_progress)


@pytest.mark.parametrize("kind", ["bfloat16", "nf4"])
def test_a_shape_is_measured_in_learning_decoding_and_switching(demo_base, kind):
    recipe = Recipe(rank=4, alpha=8.0, learning_rate=1e-3, steps=3, batch_samples=4, seed=0)

    result = measure(TINY, kind=kind, attached=20, rounds=1, device="cpu", recipe=recipe)

    assert result["kind"] == kind
    assert result["attached"] == 20
    assert list(result["tokens_per_s"]) == ["bare", "0", "1", "4", "16"]
    assert all(speed > 0 for speed in result["tokens_per_s"].values())
    assert result["stretch"]["seconds"] > 0
    assert result["switch_ms"] > 0


def test_the_shape_of_llama_3_8b_has_eight_billion_weights():
    shape = SHAPES["llama-3-8b"]
    hidden, inner, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    shared = hidden * hidden * shape["num_key_value_heads"] // shape["num_attention_heads"]
    weights = 2 * shape["vocab_size"] * hidden + layers * (2 * hidden * hidden + 2 * shared + 3 * hidden * inner)

    assert 8.0e9 < weights < 8.1e9
