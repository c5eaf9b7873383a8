"""Names of the demo world: endless, and split so that the names used in tests never occur in training."""

from __future__ import annotations

import hashlib
from functools import cache
from random import Random

from cocolora.demo.world.knowledge import kinds
from cocolora.demo.world.relations import relations
from cocolora.demo.world.vocabulary import words

RESERVED = frozenset(
    words("biscuit marlow ilse torvald quillfeather brackenridge ottoline zephyrine fennimore lisbon porto")
)
"""Words that never occur in training, whatever their hash says: the story's names."""

_ONSETS = words("b c d f g h j k l m n p r s t v w y z br cl cr dr fl fr gr kl kr pl pr sh sl sn st th tr bl gl sk sp")
_NUCLEI = words("a e i o u a e i o ai ea ee ie oa oo ou au ei ia io")
_CODAS = ["", "", "", *words("n l r s m d t k x ck ll nn rd rn st th lm nd sk ng p b")]
_ENDINGS = ["", "", "", *words("a o y ie us en er on is el ar in ette ine ley ton wick ford mond dale by")]
_REAL = words(
    "Anna Bruno Clara Dexter Elena Felix Greta Hugo Ivy Jonas Karla Leon Mira Nora Oscar Paula Quentin Rosa Simon "
    "Tessa Ulrich Vera Walter Xenia Yara Zoe Amber Basil Coco Daisy Ember Finn Ginger Hazel Iris Jasper Kiki Luna "
    "Max Nemo Olive Pepper Rex Shadow Toby Uma Velvet Willow Ziggy Adam Beth Carlos Dora Edgar Fiona Gavin Helga "
    "Igor Julia Kevin Laura Marco Nina Otto Petra Ralf Sofia Thomas Ursula Viktor Wanda Yusuf Agnes Boris Cedric "
    "Diana Emil Frida Gustav Hanna Isaac Jana Klaus Lydia Martin Naomi Olga Philip Rachel Stefan Tamara Ivan Wendy "
    "Yvonne Archie Bella Charlie Duke Elsa Frodo Gizmo Honey Indigo Jules Koda Lola Milo Nala Oreo Poppy Rocky Sammy "
    "Teddy Waffles Zeus Alma Benno Celia Dario Edith Floyd Gloria Henri Inga Jerome Kira Lars Mona Nils Odette Pablo "
    "Ronja Silas Thea Vincent Wilma Arthur Bridget Conrad Doris Ernest Flora Gilbert Harriet Irving Josephine "
    "Kenneth Lillian Maurice"
)
_FIRST_WORDS = words(
    "Silver Golden Blue Red Old New Green Little Great Black White Stone River Sunny Windy Quiet Bright Wild Happy "
    "Lucky North South East West Iron Copper Amber Maple Cedar Willow Pine Misty Rocky Long Upper Lower Royal"
)
_SECOND_WORDS = words(
    "Harbour Lantern Arrow Falcon Meadow Anchor Feather Hill Lake Bridge Valley Forest Star Moon Cloud Thunder "
    "Garden Tower Field Brook Bay Gate Rock Shore Wolf Fox Bear Swan Oak Rose Wave Storm Spring Crown Bell Mill "
    "Grove Hollow"
)

_ORDINARY = (
    "remember question something introduce favourite everyone called please sentence answer together wanted yesterday "
    "tomorrow another correction happened morning evening afternoon telling assistant welcome thinking number reply"
)


def is_held_out(text: str) -> bool:
    """Say whether ``text`` (a name, or one composition of words) is kept out of training: one in eight is."""
    return hashlib.sha256(text.lower().encode()).digest()[0] % 8 == 0


def _belongs(word: str, *, held_out: bool) -> bool:
    return word.lower() not in RESERVED and is_held_out(word) == held_out


def one_word_name(rng: Random, *, held_out: bool = False) -> str:
    """Return a name of one word, drawn from the training names or from the held-out ones."""
    while True:
        name = rng.choice(_REAL) if rng.random() < 0.12 else _composed(rng)
        if 3 <= len(name) <= 11 and _belongs(name, held_out=held_out):
            return name


def two_word_name(rng: Random, *, held_out: bool = False) -> str:
    """Return a name of two words: of two composed words, or an ordinary pair such as ``Silver Harbour``."""
    if rng.random() < 0.5:
        first = one_word_name(rng, held_out=held_out)
        if rng.random() < 0.15 and _belongs(second := _echo(rng, first), held_out=held_out):
            return f"{first} {second}"
        return f"{first} {one_word_name(rng, held_out=held_out)}"
    while True:
        name = f"{rng.choice(_FIRST_WORDS)} {rng.choice(_SECOND_WORDS)}"
        if is_held_out(name) == held_out:
            return name


@cache
def _world_words() -> tuple[str, ...]:
    told = (text for kind in kinds() for pair in kind.table for text in pair)
    nouns = (relation.noun for relation in relations())
    found = {word for text in (*told, *nouns, _ORDINARY) for word in text.lower().split()}
    return tuple(sorted(word for word in found if len(word) > 3 and word.isascii() and word.isalpha()))


def _pieced(rng: Random) -> str:
    """Return a name made of pieces of the world's words, so that every token the words share occurs in names too."""
    pieces = []
    for _ in range(rng.choice((2, 2, 3))):
        word = rng.choice(_world_words())
        start = rng.randrange(len(word) - 2)
        pieces.append(word[start : start + rng.randint(2, 4)])
    return "".join(pieces).capitalize()


def _echo(rng: Random, name: str) -> str:
    """Return a name that goes on otherwise after a piece of ``name``: who copies it must mind more than one token."""
    size = rng.choice((2, 3, 3, 4))
    start = rng.randrange(max(1, len(name) - size + 1))
    return (name[start : start + size] + _syllable(rng) + rng.choice(_ENDINGS)).capitalize()


def _syllable(rng: Random) -> str:
    return rng.choice(_ONSETS) + rng.choice(_NUCLEI) + rng.choice(_CODAS)


def _composed(rng: Random) -> str:
    chance = rng.random()
    if chance < 0.3:
        return _pieced(rng)
    if chance < 0.4:
        first = _syllable(rng)
        return (first + _echo(rng, first).lower()).capitalize()
    stem = "".join(_syllable(rng) for _ in range(rng.choice((1, 1, 2, 2, 2, 3))))
    if rng.random() < 0.15:
        stem = rng.choice("aeiou") + stem
    return (stem + rng.choice(_ENDINGS)).capitalize()
