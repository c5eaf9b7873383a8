"""The demo base's tokenizer: a byte-level BPE of the world's text, its chat template, and chats as token rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from cocolora.core.conversations import ChatMessage
from cocolora.core.memories import MEMORY_HEADING
from cocolora.core.study import NEIGHBOUR_INSTRUCTION, STUDY_INSTRUCTION
from cocolora.demo.world.dialogues import draw

PAD, BEGIN, END = "<|pad|>", "<|begin|>", "<|end|>"
ROLES = {role: f"<|{role}|>" for role in ("system", "user", "assistant")}
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] | trim + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
MAX_LENGTH_TOKENS = 2048


def train_tokenizer(*, seed: int, vocabulary: int, chats: int = 12_000) -> PreTrainedTokenizerFast:
    """Train the tokenizer on the world's chats; the fixed instructions are one token each."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    # Every segment starts with a space, so that a name has the same tokens as an answer and within a sentence.
    tokenizer.decoder = decoders.ByteLevel()  # no stripping: hosts decode a streamed reply piece by piece
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, BEGIN, END, *ROLES.values()],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_text(seed=seed, chats=chats), trainer)
    fixed = (STUDY_INSTRUCTION, NEIGHBOUR_INSTRUCTION, MEMORY_HEADING)
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in fixed])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BEGIN,
        eos_token=END,
        chat_template=CHAT_TEMPLATE,
        additional_special_tokens=list(ROLES.values()),
        model_max_length=MAX_LENGTH_TOKENS,
        clean_up_tokenization_spaces=False,
    )


def _text(*, seed: int, chats: int) -> Iterator[str]:
    rng = Random(f"tokenizer-{seed}")
    fixed = (STUDY_INSTRUCTION, NEIGHBOUR_INSTRUCTION, MEMORY_HEADING)
    for _ in range(chats):
        for message in draw(rng):
            if message["content"] not in fixed:
                yield message["content"].removeprefix(MEMORY_HEADING)


@dataclass(frozen=True, slots=True)
class Tokens:
    """One chat as token ids, and for each whether its loss counts: the assistant's words and their end."""

    ids: tuple[int, ...]
    counts: tuple[bool, ...]


def encode_chat(tokenizer: PreTrainedTokenizerFast, messages: Iterable[ChatMessage]) -> Tokens:
    """Return a chat's tokens, just as the chat template would render it."""
    ids: list[int] = [tokenizer.convert_tokens_to_ids(BEGIN)]
    counts = [False]
    end = tokenizer.convert_tokens_to_ids(END)
    for message in messages:
        words = tokenizer.encode(message["content"].strip(), add_special_tokens=False)
        spoken = message["role"] == "assistant"
        ids += [tokenizer.convert_tokens_to_ids(ROLES[message["role"]]), *words, end]
        counts += [False, *(spoken for _ in words), spoken]
    return Tokens(tuple(ids), tuple(counts))
