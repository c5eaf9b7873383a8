"""No bundle of the hostile corpus gets in, whatever it is made of, and none leaves a trace."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocolora.errors import BundleRefused
from cocolora.sharing import Limits, read_bundle
from tests.sharing.bundles import BASE, adapter_name, join_weights, reseal, split_weights, zipped
from tests.sharing.corpus import CLASSES, OF_EACH_CLASS, corpus

pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")


def test_the_corpus_is_large():
    assert len(CLASSES) * OF_EACH_CLASS >= 200


@pytest.mark.parametrize("attack", CLASSES, ids=lambda attack: attack.__name__)
def test_every_bundle_of_a_class_is_refused_with_its_reason_and_nothing_is_written(attack, valid, tmp_path):
    source = tmp_path / "bundle.zip"
    for content in corpus(attack, valid):
        source.write_bytes(content)
        with pytest.raises(BundleRefused) as refused:
            read_bundle(source, base=BASE, limits=Limits(tensors=500))
        assert any(reason in str(refused.value) for reason in CLASSES[attack]), refused.value
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) < 1_000
        assert [path.name for path in tmp_path.iterdir()] == ["bundle.zip"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


def put(value, path, new):
    """Return ``value`` with ``new`` at a place that ``path``, a list of numbers, leads to."""
    if path and isinstance(value, dict) and value:
        key = sorted(value)[path[0] % len(value)]
        return value | {key: put(value[key], path[1:], new)}
    if path and isinstance(value, list) and value:
        at = path[0] % len(value)
        return [*value[:at], put(value[at], path[1:], new), *value[at + 1 :]]
    return new


@settings(max_examples=300, deadline=None)
@given(
    new=JSON,
    path=st.lists(st.integers(0, 20), max_size=5),
    where=st.sampled_from(["manifest.json", "adapter_config.json", "adapter_model.safetensors"]),
)
def test_any_value_in_any_place_is_refused_or_reads_as_a_bundle(new, path, where, valid, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "bundle.zip").write_bytes(zipped(mutated(valid, where, path, new)))
    try:
        read_bundle(folder / "bundle.zip", base=BASE)
    except BundleRefused:
        pass
    assert [found.name for found in folder.iterdir()] == ["bundle.zip"]


def mutated(files, where, path, new):
    if where == "manifest.json":
        return files | {where: json.dumps(put(json.loads(files[where]), path, new)).encode()}
    name = adapter_name(files, where)
    if where == "adapter_config.json":
        return reseal(files | {name: json.dumps(put(json.loads(files[name]), path, new)).encode()})
    header, content = split_weights(files[name])
    return reseal(files | {name: join_weights(json.dumps(put(header, path, new)).encode(), content)})


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=2_000), begin=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06"]))
def test_any_bytes_are_refused(content, begin, tmp_path_factory):
    source = tmp_path_factory.mktemp("fuzz") / "bundle.zip"
    source.write_bytes(begin + content)
    with pytest.raises(BundleRefused):
        read_bundle(source, base=BASE)
    assert list(source.parent.iterdir()) == [source]
