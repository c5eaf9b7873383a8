"""Packing: chats of different lengths side by side in rows of one length, each seeing only itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

import torch
from transformers import PreTrainedTokenizerFast

from cocolora.demo.build.tokens import Tokens, encode_chat
from cocolora.demo.world.dialogues import draw, long_chat

_HIDDEN_FROM = -3e38


@dataclass(frozen=True, slots=True)
class Batch:
    """Packed rows: token ids, positions in each chat and loss mask, each (rows, length).

    ``mask`` is (rows, 1, length, length) and is added to the attention.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    counts: torch.Tensor
    mask: torch.Tensor


def draw_batch(tokenizer: PreTrainedTokenizerFast, *, seed: int, step: int, rows: int, length: int) -> Batch:
    """Return the batch of one step: the same for the same seed and step, whatever came before.

    Every tenth step has longer chats, in fewer rows of three times the length.
    """
    rng = Random(f"batch-{seed}-{step}")
    if step % 10 == 9:
        rows, length = max(1, rows // 3), length * 3
    packed: list[list[Tokens]] = [[] for _ in range(rows)]
    room = [length] * rows
    misses = 0
    while misses < 15:
        chat = encode_chat(tokenizer, long_chat(rng) if step % 10 == 9 and rng.random() < 0.5 else draw(rng))
        row = next((place for place in range(rows) if room[place] >= len(chat.ids)), None)
        if row is None:
            misses += 1
            continue
        packed[row].append(chat)
        room[row] -= len(chat.ids)
    return _collate(packed, length=length, pad=tokenizer.pad_token_id)


def _collate(packed: Iterable[list[Tokens]], *, length: int, pad: int) -> Batch:
    ids, positions, counts, owners = [], [], [], []
    for chats in packed:
        gap = length - sum(len(chat.ids) for chat in chats)
        ids.append([token for chat in chats for token in chat.ids] + [pad] * gap)
        positions.append([place for chat in chats for place in range(len(chat.ids))] + list(range(gap)))
        counts.append([count for chat in chats for count in chat.counts] + [False] * gap)
        owners.append([place for place, chat in enumerate(chats) for _ in chat.ids] + [-1] * gap)
    owner = torch.tensor(owners)
    apart = ~(owner[:, :, None] == owner[:, None, :]).tril()[:, None]
    mask = torch.zeros(apart.shape, dtype=torch.bfloat16).masked_fill(apart, _HIDDEN_FROM)
    return Batch(torch.tensor(ids), torch.tensor(positions), torch.tensor(counts), mask)
