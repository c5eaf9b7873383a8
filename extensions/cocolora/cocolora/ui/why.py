"""Why a reply was what it was: the memories that were quoted to the model and the adapters that took part."""

from __future__ import annotations

from datetime import tzinfo

from cocolora.core.adapters import Activation
from cocolora.core.conversations import Turn
from cocolora.core.parts import Answerer, Why
from cocolora.core.phrases import count, shorten
from cocolora.ui.words import day, escape, said, share

NOTHING_TOOK_PART = "The model answered by itself: nothing that you told it matched."
NOT_KNOWN = "What took part is not known: the reply was imported, edited, or made before this was kept."
GONE = "that is gone since"


def show_why(why: Why, *, needed: float, zone: tzinfo | None) -> str:
    """Return what took part in the newest reply as HTML: a sentence, and behind it each memory and adapter.

    ``needed`` is how well a message must match to choose an adapter. Dates are those of the user's time ``zone``.
    """
    sentence = said(took_part(why, zone))
    if why == Why():
        return f"{sentence}<p class='cocolora-quiet'>{escape(NOTHING_TOOK_PART)}</p>"
    return f"{sentence}{_details(_list(why, zone, needed=f' ({share(needed)} is needed)'))}"


def show_kept_why(why: Why | None, *, zone: tzinfo | None) -> str:
    """Return what took part in an earlier reply as HTML, as far as that is known."""
    if why is None:
        return _details(f'<p class="cocolora-quiet">{escape(NOT_KNOWN)}</p>')
    sentence = NOTHING_TOOK_PART if why == Why() else took_part(why, zone)
    return _details(f"<p>{escape(sentence)}</p>{_list(why, zone)}")


def _details(content: str) -> str:
    return f'<details class="cocolora-why"><summary>Why this reply?</summary>{content}</details>'


def took_part(why: Why, zone: tzinfo | None) -> str:
    """Say which adapters and memories took part in a reply."""
    names = [f'"{one.adapter.name}"' if one.adapter else f"one {GONE}" for one in why.answerers]
    who = f"{count(len(names), 'adapter')} took part: {', '.join(names)}" if names else "No adapter took part"
    quoted = [_quoted(turn, zone) for turn in why.memories]
    if not quoted:
        return f"{who}; no memory was quoted."
    number = "1 memory was" if len(quoted) == 1 else f"{len(quoted)} memories were"
    return f"{who}; {number} quoted: {', '.join(quoted)}."


def _quoted(turn: Turn | None, zone: tzinfo | None) -> str:
    return f'"{shorten(turn.user, 40)}" ({day(turn.said_at, zone)})' if turn else f"one {GONE}"


def _list(why: Why, zone: tzinfo | None, *, needed: str = "") -> str:
    entries = [_memory(turn, zone) for turn in why.memories]
    entries += [_reason(one, needed=needed) for one in why.answerers]
    return f"<ul>{''.join(f'<li>{entry}</li>' for entry in entries)}</ul>" if entries else ""


def _memory(turn: Turn | None, zone: tzinfo | None) -> str:
    if turn is None:
        return f"<b>Quoted</b> something {GONE}"
    exchange = f"“{shorten(turn.user)}” – “{shorten(turn.reply)}”"
    return f"<b>Quoted</b> {escape(exchange)} <small>{escape(day(turn.said_at, zone))}</small>"


def _reason(one: Answerer, *, needed: str) -> str:
    name = escape(one.adapter.name) if one.adapter else f"An adapter {GONE}"
    if one.score is None:
        is_always = one.adapter is not None and one.adapter.activation is Activation.ALWAYS
        return f"<b>{name}</b> {'it is always on' if is_always else 'it was on'}."
    why = f"your message matches {_matched(one)} by {share(one.score)}{needed}"
    return f"<b>{name}</b> {escape(why)}."


def _matched(one: Answerer) -> str:
    if one.turn is not None:
        return f"what it learned from “{shorten(one.turn.user)}”"
    return "one of the questions that came with it" if one.adapter and one.adapter.origin else "what it learned"
