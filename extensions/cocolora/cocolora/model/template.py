"""The model's chat template: prompts as a reply's beginning sees them, and samples with their loss mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import jinja2

from cocolora.core.conversations import ChatMessage
from cocolora.core.lessons import Exchange, Sample
from cocolora.errors import NoChatTemplate

_REPLY = "Certainly sedulous zebras."
_PROBE: tuple[ChatMessage, ...] = ({"role": "user", "content": "Quixotic question?"},)
# Thinking is switched off where a template has a switch, and templates that print today's date get a fixed one:
# a sample depends on its exchange alone.
_SWITCHES = {"enable_thinking": False, "date_string": "26 Jul 2024"}


class ChatTemplate:
    """Formats chats the way one tokenizer's template does, whatever its roles and marks are."""

    def __init__(self, tokenizer: Any, *, model: str) -> None:
        """Take the tokenizer as it is; nothing of it is changed. ``model`` names it in errors."""
        self._tokenizer = tokenizer
        self._model = model

    def prompt(self, chat: Sequence[ChatMessage]) -> list[int]:
        """Return the tokens of a chat up to where the reply begins. Raises NoChatTemplate."""
        return self._tokens(self._prompt_text(chat))

    def sample(self, exchange: Exchange) -> Sample:
        """Return the tokens of an exchange; the loss counts on the reply and the end of its turn.

        Both are tokenised in one go and the prompt on its own: what the two have in common does not count. A
        tokenizer that joins the end of the prompt and the start of the reply into one token is so followed.
        Raises NoChatTemplate.
        """
        prompt = self._prompt_text(exchange.prompt)
        tokens = self._tokens(prompt + self._gap + exchange.reply.strip() + self.end_of_turn)
        shared = _shared(tokens, self._tokens(prompt))
        return Sample(tuple(tokens), (False,) * shared + (True,) * (len(tokens) - shared), exchange)

    @cached_property
    def end_of_turn(self) -> str:
        """What ends a reply: up to the first special token after it; the end of sequence where there is none."""
        tail = self._frame[2]
        marks = [(tail.find(mark), mark) for mark in self._special_tokens if mark in tail]
        if marks:
            start, mark = min(marks, key=lambda found: (found[0], -len(found[1])))
            return tail[: start + len(mark)]
        return tail.rstrip() + (self._tokenizer.eos_token or "")

    @cached_property
    def stop_tokens(self) -> frozenset[int]:
        """The tokens that end a reply: the tokenizer's end of sequence and the template's end of turn."""
        ends = {self._tokenizer.eos_token_id}
        tokens = self._tokens(self.end_of_turn)
        if tokens and self._tokenizer.convert_ids_to_tokens(tokens[-1]) in self._special_tokens:
            ends.add(tokens[-1])
        return frozenset(end for end in ends if end is not None)

    @property
    def _special_tokens(self) -> set[str]:
        added = self._tokenizer.added_tokens_decoder.values()
        return {*self._tokenizer.all_special_tokens, *(str(token) for token in added if token.special)}

    @property
    def _gap(self) -> str:
        head = self._frame[1]
        return "" if head.strip() else head

    def _prompt_text(self, chat: Sequence[ChatMessage]) -> str:
        opening, head, _ = self._frame
        text = self._render(self._foldable(chat), prompt=True).removesuffix(opening)
        return text + head if head.strip() else text

    @cached_property
    def _frame(self) -> tuple[str, str, str]:
        """Return what surrounds a finished reply: (opening, head, tail).

        ``opening`` ends the template's prompt but is missing before a finished reply (R1's ``<think>``); ``head``
        is before a finished reply but not in the prompt (Mistral's space, Qwen's empty thoughts); ``tail``
        follows the reply.
        """
        prompt = self._render(_PROBE, prompt=True)
        whole = self._render([*_PROBE, {"role": "assistant", "content": _REPLY}], prompt=False)
        common = whole[: _shared(prompt, whole)]
        head, found, tail = whole[len(common) :].partition(_REPLY)
        if not found or _PROBE[0]["content"] not in common:
            raise NoChatTemplate(self._model)
        return prompt[len(common) :], head, tail

    def _foldable(self, chat: Sequence[ChatMessage]) -> list[ChatMessage]:
        """Gather the system messages first; without a place for them, put them before the first user message."""
        system = "\n\n".join(message["content"] for message in chat if message["role"] == "system")
        others = [message for message in chat if message["role"] != "system"]
        if not system:
            return others
        if self._takes_system or not others:
            return [{"role": "system", "content": system}, *others]
        first = others[0]
        return [{"role": first["role"], "content": f"{system}\n\n{first['content']}"}, *others[1:]]

    @cached_property
    def _takes_system(self) -> bool:
        try:
            return _REPLY in self._render([{"role": "system", "content": _REPLY}, *_PROBE], prompt=True)
        except NoChatTemplate:
            return False

    def _render(self, chat: Iterable[ChatMessage], *, prompt: bool) -> str:
        try:
            text = self._tokenizer.apply_chat_template(
                list(chat), tokenize=False, add_generation_prompt=prompt, **_SWITCHES
            )
        except (jinja2.TemplateError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise NoChatTemplate(self._model) from error
        return str(text)

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def _shared(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many first items two sequences share."""
    differing = (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))
