"""JSON from strangers: bounded in depth, without duplicate keys, checked against a model before it is used."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from cocolora.sharing.layout import Refusal

_Model = TypeVar("_Model", bound=BaseModel)
# Possessive, and content with an unclosed string is one match to its end: linear in any input.
_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[][{}]', re.DOTALL)


def parse_json(content: bytes, *, name: str, depth: int) -> Any:
    """Return plain values. Raises Refusal with ``name`` in it; numbers such as NaN and duplicate keys are refused."""
    try:
        text = content.decode("utf-8")
        if _depth(text) > depth:
            raise Refusal(f"{name} is nested more than {depth} levels deep")
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except Refusal as refusal:
        raise Refusal(str(refusal) if name in str(refusal) else f"{name}: {refusal}") from None
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{name} is not JSON: {str(error)[:120]}") from None


def parse_model(model: type[_Model], content: bytes, *, name: str, depth: int) -> _Model:
    """Return the content as a ``model``, strictly. Raises Refusal that names the field."""
    parse_json(content, name=name, depth=depth)
    try:
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))[:120] or "the file"
        raise Refusal(f"{name}: {where!a}: {problem['msg'][:200]}") from None


def _depth(text: str) -> int:
    level = deepest = 0
    for match in _MARKS.finditer(text):
        level += (match[0] in "[{") - (match[0] in "]}")
        deepest = max(deepest, level)
    return deepest


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal("a key occurs twice")
    return found


def _no_constant(constant: str) -> NoReturn:
    raise Refusal(f"{constant} is no number")
