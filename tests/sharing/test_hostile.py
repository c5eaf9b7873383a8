"""No hostile bundle gets in, and none leaves a trace."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocolora.errors import BundleRefused
from cocolora.sharing import Limits, read_bundle, unpack
from tests.sharing.bundles import BASE, adapter_name, files_of, write_folder, zipped
from tests.sharing.hostile import IN_BOTH, ZIPS


def refuse(source, reason):
    before = sorted(source.parent.rglob("*"))
    with pytest.raises(BundleRefused) as refused:
        read_bundle(source, base=BASE)
    assert reason in str(refused.value)
    assert str(refused.value).isprintable()
    assert refused.value.path == source
    assert sorted(source.parent.rglob("*")) == before


def test_there_are_many_kinds_of_hostile_bundles():
    assert len(IN_BOTH) + len(ZIPS) > 150


def test_the_bundle_that_all_variants_start_from_is_accepted(valid, tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped(valid))
    assert len(read_bundle(tmp_path / "x.zip", base=BASE).adapters) == 2
    assert len(read_bundle(write_folder(tmp_path / "x", valid), base=BASE).adapters) == 2


@pytest.mark.parametrize("variant", IN_BOTH)
def test_hostile_zip_is_refused(variant, valid, tmp_path):
    change, reason = IN_BOTH[variant]
    source = tmp_path / "bundle.zip"
    source.write_bytes(zipped(change(valid)))
    refuse(source, reason)


@pytest.mark.parametrize("variant", IN_BOTH)
def test_hostile_folder_is_refused(variant, valid, tmp_path):
    change, reason = IN_BOTH[variant]
    refuse(write_folder(tmp_path / "bundle", change(valid)), reason)


@pytest.mark.parametrize("variant", ZIPS)
def test_hostile_container_is_refused(variant, valid, tmp_path):
    change, reason = ZIPS[variant]
    source = tmp_path / "bundle.zip"
    source.write_bytes(change(valid))
    refuse(source, reason)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in its file system")
def test_pipe_in_a_folder_is_refused_without_waiting_for_it(valid, tmp_path):
    folder = write_folder(tmp_path / "bundle", valid)
    (folder / "README.md").unlink()
    os.mkfifo(folder / "README.md")
    refuse(folder, "link or no plain file")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="this system has no links")
@pytest.mark.parametrize("name", ["README.md", "adapters"])
def test_link_in_a_folder_is_refused(name, valid, tmp_path):
    folder = write_folder(tmp_path / "bundle", valid)
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    refuse(folder, "link or no plain file")


def test_path_that_is_not_there_is_refused(tmp_path):
    refuse(tmp_path / "nothing.zip", "cannot be read")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(adapters=1), "at most 1"),
        (Limits(weights_bytes=100), "at most 100"),
        (Limits(total_bytes=500), "at most 500"),
        (Limits(header_bytes=64), "claims a header"),
        (Limits(tensors=2), "at most 2 tensors"),
        (Limits(text_bytes=100), "at most 100"),
    ],
)
def test_limits_hold(limits, reason, valid, tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped(valid))
    with pytest.raises(BundleRefused, match=reason):
        read_bundle(tmp_path / "x.zip", base=BASE, limits=limits)


def test_bundle_that_changes_after_the_check_is_refused_and_leaves_nothing(valid, tmp_path):
    folder = write_folder(tmp_path / "bundle", valid)
    checked = read_bundle(folder, base=BASE)
    weights = folder / adapter_name(valid, "adapter_model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    with pytest.raises(BundleRefused, match="changed while"):
        unpack(checked, tmp_path / "adapters")
    assert list((tmp_path / "adapters").iterdir()) == []


def changed(content, edits):
    """Return the content after each edit: a byte flipped, a piece cut out, or the end cut off."""
    for kind, place, value in edits:
        at = place % max(1, len(content))
        if kind == "flip" and content:
            content = content[:at] + bytes([content[at] ^ (value or 1)]) + content[at + 1 :]
        elif kind == "cut":
            content = content[:at] + content[at + value :]
        else:
            content = content[:at]
    return content


EDITS = st.lists(
    st.tuples(st.sampled_from(["flip"] * 8 + ["cut", "end"]), st.integers(0, 1 << 20), st.integers(1, 255)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=200, deadline=None)
@given(edits=EDITS)
def test_any_damage_to_a_zip_is_refused_or_changes_nothing(edits, valid, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    source = folder / "bundle.zip"
    source.write_bytes(changed(zipped(valid), edits))
    try:
        checked = read_bundle(source, base=BASE)
    except BundleRefused:
        assert list(folder.iterdir()) == [source]
        return
    unpack(checked, folder / "adapters")
    for name, content in files_of(folder / "adapters").items():
        if not name.endswith("manifest.json"):
            assert content == valid[f"adapters/{name}"]


@settings(max_examples=150, deadline=None)
@given(edits=EDITS, name=st.sampled_from(["manifest.json", "adapter_config.json", "adapter_model.safetensors"]))
def test_any_damage_to_a_file_is_refused_or_means_the_same(edits, name, valid, tmp_path_factory):
    full = name if name in valid else adapter_name(valid, name)
    source = tmp_path_factory.mktemp("fuzz") / "bundle.zip"
    source.write_bytes(zipped(valid | {full: changed(valid[full], edits)}))
    try:
        checked = read_bundle(source, base=BASE)
    except BundleRefused:
        return
    assert full == "manifest.json" or changed(valid[full], edits) == valid[full]
    assert all(adapter.adapter.name.isprintable() for adapter in checked.adapters)
