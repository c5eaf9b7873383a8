"""Bundles are signed with a key of one's own, and a wrong signature is refused."""

import stat

import minisign
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocolora.errors import BundleRefused, KeyUnusable
from cocolora.sharing import make_key, read_bundle, read_key, write_bundle
from cocolora.sharing.layout import Refusal
from cocolora.sharing.signing import SigningKey, check_signature
from tests.sharing.bundles import BASE, NOW, edit_manifest, files_of, make_adapter, make_bundle, write_folder, zipped

SIGNATURE = "manifest.json.minisig"
KEY = SigningKey(b"12345678", b"\x07" * 32)
OTHER = SigningKey(b"87654321", b"\x08" * 32)


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """The files of a signed bundle."""
    home = tmp_path_factory.mktemp("signed")
    write_bundle(home / "bundle", [make_adapter(home / "adapter")], base=BASE, now=NOW, key=KEY)
    return files_of(home / "bundle")


def read(files, tmp_path):
    (tmp_path / "bundle.zip").write_bytes(zipped(files))
    return read_bundle(tmp_path / "bundle.zip", base=BASE)


def test_signed_bundle_names_its_signer_and_an_unsigned_one_names_none(signed, tmp_path):
    assert read(signed, tmp_path).signer == KEY.public
    make_bundle(tmp_path / "unsigned", tmp_path / "home")
    assert read_bundle(tmp_path / "unsigned", base=BASE).signer == ""


def test_same_bundle_and_key_give_the_same_bytes(tmp_path):
    bundled = make_adapter(tmp_path / "adapter")
    for name in ("one.zip", "two.zip"):
        write_bundle(tmp_path / name, [bundled], base=BASE, now=NOW, key=KEY)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: edit_manifest(f, lambda m: m["adapters"][0].update(weight=2.0)), "signature is wrong"),
        (lambda f: f | {SIGNATURE: OTHER.sign(f["manifest.json"])}, "another key"),
        (lambda f: f | {SIGNATURE: SigningKey(KEY.number, OTHER.seed).sign(f["manifest.json"])}, "signature is wrong"),
        (lambda f: edit_manifest(f, lambda m: m.update(signer=OTHER.public)), "another key"),
        (lambda f: edit_manifest(f, lambda m: m.update(signer=None)), "names no signer"),
        (lambda f: {name: content for name, content in f.items() if name != SIGNATURE}, "signature is missing"),
        (lambda f: f | {SIGNATURE: f[SIGNATURE].replace(b"a bundle", b"A bundle")}, "signature is wrong"),
        (lambda f: f | {SIGNATURE: b"untrusted comment: x\n"}, "not in minisign's format"),
        (lambda f: f | {SIGNATURE: b"\n".join([*f[SIGNATURE].splitlines()[:3], b"?"])}, "not in minisign's format"),
        (lambda f: f | {SIGNATURE: b"x" * 5_000}, "at most"),
        (lambda f: edit_manifest(f, lambda m: m.update(signer="RW" + "A" * 53)), "signer"),
        (lambda f: edit_manifest(f, lambda m: m.update(signer="RWQ" * 1000)), "signer"),
    ],
)
def test_wrong_signature_is_refused_with_its_reason(change, reason, signed, tmp_path):
    with pytest.raises(BundleRefused, match=reason):
        read(change(signed), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.zip"]


def test_signature_goes_with_a_folder_too(signed, tmp_path):
    assert read_bundle(write_folder(tmp_path / "bundle", signed), base=BASE).signer == KEY.public


def test_minisign_checks_what_is_signed_here(signed):
    public = minisign.PublicKey.from_base64(KEY.public)
    public.verify(signed["manifest.json"], minisign.Signature.from_bytes(signed[SIGNATURE]))


@pytest.mark.parametrize("prehash", [True, False])
def test_what_minisign_signed_is_checked_here(prehash):
    pair = minisign.KeyPair.generate()
    signature = bytes(pair.secret_key.sign(b"content", prehash=prehash))
    check_signature(b"content", signature, signer=pair.public_key.to_base64().decode())
    with pytest.raises(Refusal, match="signature is wrong"):
        check_signature(b"Content", signature, signer=pair.public_key.to_base64().decode())


def test_key_is_kept_readable_by_its_owner_alone_and_is_one_of_minisigns(tmp_path):
    made = make_key(tmp_path / "signing.key")
    assert stat.S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600
    assert read_key(tmp_path / "signing.key") == made
    theirs = minisign.SecretKey.from_file(tmp_path / "signing.key")
    assert theirs.get_public_key().to_base64().decode() == made.public
    with pytest.raises(FileExistsError):
        make_key(tmp_path / "signing.key")


def test_key_that_minisign_made_without_a_password_signs_here(tmp_path):
    pair = minisign.KeyPair.generate()
    (tmp_path / "signing.key").write_bytes(bytes(pair.secret_key))
    (tmp_path / "signing.key").chmod(0o600)
    found = read_key(tmp_path / "signing.key")
    assert found is not None
    assert found.public == pair.public_key.to_base64().decode()


def test_no_key_is_no_error_and_the_seed_is_in_no_text(tmp_path):
    assert read_key(tmp_path / "signing.key") is None
    assert "07" not in repr(KEY)
    assert str(KEY.seed) not in repr(KEY)


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (KEY.render(), 0o644, "chmod 600"),
        (b"", 0o600, "no minisign key"),
        (b"untrusted comment: x\n!!!\n", 0o600, "no minisign key"),
        (b"untrusted comment: x\nRWQ=\n", 0o600, "no minisign key"),
        (KEY.render().replace(b"RWQAAEIy", b"RWRTY0Iy"), 0o600, "password"),
        (KEY.render()[:-8] + b"AAAAAA=\n", 0o600, "belong together"),
    ],
)
def test_key_that_cannot_be_used_is_explained(content, mode, reason, tmp_path):
    (tmp_path / "signing.key").write_bytes(content)
    (tmp_path / "signing.key").chmod(mode)
    with pytest.raises(KeyUnusable, match=reason):
        read_key(tmp_path / "signing.key")


@settings(max_examples=60, deadline=None)
@given(signature=st.binary(max_size=400), signer=st.text(max_size=60))
def test_any_bytes_for_a_signature_are_refused(signature, signer):
    for key in (signer, KEY.public):
        with pytest.raises(Refusal):
            check_signature(b"content", signature, signer=key)


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_bit_changed_in_the_signed_lines_is_refused(place, bit):
    lines = KEY.sign(b"content").split(b"\n", 1)
    at = place % (len(lines[1]) - 1)
    changed = lines[1][:at] + bytes([lines[1][at] ^ (1 << bit)]) + lines[1][at + 1 :]
    with pytest.raises(Refusal):
        check_signature(b"content", lines[0] + b"\n" + changed, signer=KEY.public)
