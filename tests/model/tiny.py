"""A tiny random Llama with a byte-level tokenizer: real parts, in milliseconds."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from cocolora.core.lessons import Exchange
from cocolora.model.loaded import LoadedModel

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKS = ("<|pad|>", "<s>", "</s>", "<|im_start|>", "<|im_end|>")


def make_tokenizer(template: str | None = CHATML, *, marks: tuple[str, ...] = MARKS, eos: str = "<|im_end|>"):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(list(marks))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token=eos, pad_token=marks[0], bos_token="<s>")
    tokenizer.chat_template = template
    return tokenizer


def make_network(seed: int = 0, *, hidden: int = 128, layers: int = 2) -> LlamaForCausalLM:
    """Return a network whose logits are far apart, so that greedy replies are not decided by rounding."""
    config = LlamaConfig(
        vocab_size=256 + len(MARKS),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        initializer_range=0.12,
        tie_word_embeddings=False,
        bos_token_id=257,
        eos_token_id=260,
        pad_token_id=256,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config).eval()


def make_model(seed: int = 0, **extras) -> LoadedModel:
    return LoadedModel(make_network(seed), make_tokenizer(), name=f"tiny-{seed}", **extras)


def save_model(folder: Path, seed: int = 0) -> Path:
    make_network(seed).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


def ask(text: str) -> list:
    return [{"role": "user", "content": text}]


def exchange(question: str, reply: str) -> Exchange:
    return Exchange(({"role": "user", "content": question},), reply)


def logits(network, text: str = "What is the name of my dog?"):
    with torch.no_grad():
        return network(input_ids=torch.tensor([list(text.encode())])).logits
