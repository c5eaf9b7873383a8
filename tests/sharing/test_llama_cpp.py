"""What llama.cpp makes of an exported adapter; needs `pip install llama-cpp-python`, which compiles for minutes."""

import ctypes
import importlib.util

import numpy as np
import pytest
from peft import PeftModel

from cocolora.core.export import ExportForm
from cocolora.sharing import write_form
from tests.model.tiny import logits, make_network, save_model
from tests.sharing.forms import make_lora, order

TEXT = "What is the name of my dog?"

if importlib.util.find_spec("llama_cpp") is None:
    pytest.skip("llama-cpp-python is not installed", allow_module_level=True)

pytestmark = pytest.mark.slow


def interleaved(weights, heads):
    return weights.reshape(heads, 2, -1, weights.shape[1]).swapaxes(1, 2).reshape(weights.shape)


def write_base(path):
    """Write the tiny network as llama.cpp's converter would, without a vocabulary."""
    import gguf

    network = make_network()
    config = network.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("none")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    heads = {"q_proj.weight": config.num_attention_heads, "k_proj.weight": config.num_key_value_heads}
    for name, tensor in network.state_dict().items():
        weights = tensor.numpy()
        count = heads.get(".".join(name.split(".")[-2:]))
        weights = interleaved(weights, count) if count else weights
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), np.ascontiguousarray(weights))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logits_in_llama_cpp(base, adapters):
    import llama_cpp as lib

    tokens = list(TEXT.encode())
    model = lib.llama_model_load_from_file(str(base).encode(), lib.llama_model_default_params())
    wanted = lib.llama_context_default_params()
    wanted.n_ctx, wanted.n_threads = 256, 1
    wanted.type_k = wanted.type_v = wanted.flash_attn_type = 0  # float32 throughout
    context = lib.llama_init_from_model(model, wanted)
    if adapters:
        loaded = [lib.llama_adapter_lora_init(model, str(path).encode()) for path in adapters]
        handles = (lib.llama_adapter_lora_p_ctypes * len(loaded))(*loaded)
        assert (
            lib.llama_set_adapters_lora(
                context, handles, len(loaded), (ctypes.c_float * len(loaded))(*[1.0] * len(loaded))
            )
            == 0
        )
    batch = lib.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for place, token in enumerate(tokens):
        batch.token[place], batch.pos[place], batch.n_seq_id[place], batch.logits[place] = token, place, 1, 1
        batch.seq_id[place][0] = 0
    assert lib.llama_decode(context, batch) == 0
    size = make_network().config.vocab_size
    rows = [np.ctypeslib.as_array(lib.llama_get_logits_ith(context, i), (size,)).copy() for i in range(len(tokens))]
    return np.array(rows)


def test_llama_cpp_gives_the_logits_that_peft_gives(tmp_path):
    base_folder = save_model(tmp_path / "base")
    adapters = [make_lora(tmp_path, 0, rank=8, alpha=16), make_lora(tmp_path, 1, rank=4, alpha=6)]
    write_form(ExportForm.GGUF, tmp_path / "gguf", order(*adapters, base_folder=base_folder))
    write_form(ExportForm.COMBINED, tmp_path / "both", order(*adapters))
    write_base(tmp_path / "base.gguf")
    files = [tmp_path / "gguf" / f"{bundled.adapter.id}.gguf" for bundled in adapters]
    bare = logits(make_network())[0].numpy()
    assert abs(logits_in_llama_cpp(tmp_path / "base.gguf", []) - bare).max() < 1e-3
    for chosen, folder in (([files[0]], adapters[0].folder), (files, tmp_path / "both")):
        expected = logits(PeftModel.from_pretrained(make_network(), folder))[0].numpy()
        assert abs(expected - bare).max() > 1
        assert abs(logits_in_llama_cpp(tmp_path / "base.gguf", chosen) - expected).max() < 1e-3
