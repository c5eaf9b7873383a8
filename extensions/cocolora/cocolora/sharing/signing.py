"""Signatures in minisign's format: a key of one's own, made, kept and used, and a stranger's signature checked.

https://jedisct1.github.io/minisign/: Ed25519 over BLAKE2b, so that ``minisign -V`` checks what is signed here, and
a key made by ``minisign -G -W`` signs here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cocolora.errors import KeyUnusable
from cocolora.sharing.layout import Refusal

_COMMENT = b"untrusted comment: "
_TRUSTED = b"trusted comment: "
_ID_BYTES, _KEY_BYTES, _SIGNATURE_BYTES = 8, 32, 64
_PLAIN, _HASHED = b"Ed", b"ED"
_NO_PASSWORD = _PLAIN + b"\0\0" + b"B2" + bytes(32 + 8 + 8)  # algorithms, then salt and limits of a password


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret Ed25519 key with the number that its signatures name; ``seed`` never shows in a text or a traceback."""

    number: bytes
    seed: bytes = field(repr=False)

    @property
    def public(self) -> str:
        """The public key, as minisign writes it: 56 characters that begin with RW."""
        return base64.b64encode(_PLAIN + self.number + self._public_bytes()).decode()

    def sign(self, content: bytes) -> bytes:
        """Return the signature file of some content: the same for the same content."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        signature = key.sign(_digest(content))
        note = b"a bundle of cocolora\thashed"
        lines = (
            _COMMENT + b"signature by " + self.public.encode(),
            base64.b64encode(_HASHED + self.number + signature),
            _TRUSTED + note,
            base64.b64encode(key.sign(signature + note)),
        )
        return b"\n".join(lines) + b"\n"

    def _public_bytes(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    def render(self) -> bytes:
        """Return the secret key file, without a password."""
        public = self._public_bytes()
        checked = hashlib.blake2b(_PLAIN + self.number + self.seed + public, digest_size=_KEY_BYTES).digest()
        secret = base64.b64encode(_NO_PASSWORD + self.number + self.seed + public + checked)
        return _COMMENT + b"minisign secret key\n" + secret + b"\n"


def make_key(path: Path) -> SigningKey:
    """Make a key and keep it in a file that its owner alone can read. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(f"{path} is there already. Move it away first: what it signed names it.")
    key = SigningKey(secrets.token_bytes(_ID_BYTES), secrets.token_bytes(_KEY_BYTES))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.render())
    return key


def read_key(path: Path) -> SigningKey | None:
    """Read a key; None where there is none. Raises KeyUnusable, also when others could read it."""
    try:
        content = path.read_bytes()
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyUnusable(path, f"it cannot be read ({error})") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise KeyUnusable(path, "others on this machine can read it; `chmod 600` it, or make a new one")
    return _parse_key(path, content)


def _parse_key(path: Path, content: bytes) -> SigningKey:
    try:
        secret = base64.b64decode(content.splitlines()[1], validate=True)
    except (IndexError, binascii.Error) as error:
        raise KeyUnusable(path, f"it is no minisign key ({error})") from None
    start = len(_NO_PASSWORD)
    if secret[:4] != _NO_PASSWORD[:4] or len(secret) != start + _ID_BYTES + 3 * _KEY_BYTES:
        raise KeyUnusable(path, "it has a password or is no minisign key; keys without a password are used here")
    number = secret[start : start + _ID_BYTES]
    key = SigningKey(number, secret[start + _ID_BYTES : start + _ID_BYTES + _KEY_BYTES])
    if base64.b64decode(key.render().splitlines()[1])[start:] != secret[start:]:
        raise KeyUnusable(path, "its parts do not belong together")
    return key


def check_signature(content: bytes, signature: bytes, *, signer: str) -> None:
    """Check a signature file over some content by a public key. Raises Refusal."""
    lines = signature.splitlines()
    if len(lines) != 4 or not lines[0].startswith(_COMMENT) or not lines[2].startswith(_TRUSTED):
        raise Refusal("its signature is not in minisign's format")
    key = _decoded(signer.encode(), _ID_BYTES + _KEY_BYTES)
    made = _decoded(lines[1], _ID_BYTES + _SIGNATURE_BYTES)
    over_note = _base64(lines[3])
    if key[:2] != _PLAIN or made[:2] not in (_PLAIN, _HASHED) or made[2:10] != key[2:10]:
        raise Refusal("its signature was made by another key than the one it names")
    signed = _digest(content) if made[:2] == _HASHED else content
    try:
        public = Ed25519PublicKey.from_public_bytes(key[10:])
        public.verify(made[10:], signed)
        public.verify(over_note, made[10:] + lines[2].removeprefix(_TRUSTED))
    except (InvalidSignature, ValueError):
        raise Refusal(
            "its signature is wrong: it was changed after it was signed, or never signed by this key"
        ) from None


def _decoded(text: bytes, size: int) -> bytes:
    found = _base64(text)
    if len(found) != len(_PLAIN) + size:
        raise Refusal("its signature or the key of its signer has another length than minisign's")
    return found


def _base64(text: bytes) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if base64.b64encode(found) != text:  # bits that decoding ignores are no place to change anything either
        raise Refusal("its signature or the key of its signer is not in minisign's format")
    return found


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content).digest()
