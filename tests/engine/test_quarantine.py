"""Imported adapters are off until they pass the gate here, and are labelled with where they came from."""

import dataclasses

import numpy as np
import pytest
from safetensors.numpy import load, save

from cocolora.core.adapters import Activation, AdapterState
from cocolora.errors import AdapterRejected, BundleRefused
from tests.sharing.bundles import files_of, reseal, write_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def friend(make_engine, tmp_path):
    return make_engine(tmp_path / "friend")


def test_imported_adapter_is_switched_on_when_it_passes_the_gate_here(taught, friend, tmp_path):
    public = taught.sharing.make_key()
    done = taught.sharing.export(tmp_path / "stack.zip", with_questions=True)
    assert done.signer == public
    taken = friend.sharing.take_in(tmp_path / "stack.zip")
    for adapter in taken.adapters:
        assert (adapter.state, adapter.activation) == (AdapterState.IMPORTED, Activation.OFF)
        assert adapter.origin == f"stack.zip (signed by {public})"
        friend.catalogue.start_admission(adapter, Activation.ALWAYS)
        assert friend.jobs.wait(timeout_s=120)
        assert "passed its tests here" in friend.jobs.last.message
        on = friend.journal.adapter(adapter.id)
        assert on.usable
        assert on.activation is Activation.ALWAYS
        assert on.state is AdapterState.READY
        assert on.scores == dataclasses.replace(
            taught.journal.adapter(adapter.id).scores, abstention=on.scores.abstention
        )
    assert friend.verify() == []


def test_report_says_what_was_found_and_what_to_do_next(taught, friend, tmp_path):
    public = taught.sharing.make_key()
    taught.sharing.export(tmp_path / "signed.zip", adapter_ids=[taught.adapters()[0].id])
    taught.sharing.export(tmp_path / "unsigned.zip", signed=False)
    first = "\n".join(friend.sharing.take_in(tmp_path / "signed.zip").lines)
    for words in ("5 files", "demo-base", public, "new here", "recall", "without questions", "--activation always"):
        assert words in first
    second = "\n".join(friend.sharing.take_in(tmp_path / "unsigned.zip").lines)
    for words in ("none. Anyone", "is here already", "Took in 1 new adapter"):
        assert words in second
    assert "Nothing was new." in friend.sharing.take_in(tmp_path / "signed.zip").lines
    again = friend.sharing.take_in(tmp_path / "signed.zip").lines
    assert any("the key of 1 adapter that you took in before" in line for line in again)


def test_adapter_that_harms_the_model_passes_every_check_of_files_and_is_refused_by_the_gate(taught, friend, tmp_path):
    taught.sharing.export(tmp_path / "stack", adapter_ids=[taught.adapters()[0].id], with_questions=True)
    files = files_of(tmp_path / "stack")
    (name,) = (name for name in files if name.endswith(".safetensors"))
    wild = {
        key: (np.float32(30) * numbers if "lora_B" in key else numbers) for key, numbers in load(files[name]).items()
    }
    write_folder(tmp_path / "wild", reseal(files | {name: save(wild, metadata={"format": "pt"})}))
    (adapter,) = friend.sharing.take_in(tmp_path / "wild").adapters
    for _ in range(2):
        with pytest.raises(AdapterRejected, match="imported and does not pass"):
            friend.catalogue.set_activation(adapter.id, Activation.ALWAYS)
    kept = friend.journal.adapter(adapter.id)
    assert (kept.state, kept.activation) == (AdapterState.REJECTED, Activation.OFF)
    assert kept.scores.retention < kept.scores.retention_base
    assert kept.reason
    assert friend.verify() == []


def test_bundle_with_a_wrong_signature_is_refused_and_nothing_is_written(taught, friend, tmp_path):
    taught.sharing.make_key()
    taught.sharing.export(tmp_path / "stack")
    files = files_of(tmp_path / "stack")
    changed = files["manifest.json"].replace(b'"weight": 1.0', b'"weight": 9.0')
    write_folder(tmp_path / "changed", files | {"manifest.json": changed})
    with pytest.raises(BundleRefused, match="signature is wrong"):
        friend.sharing.take_in(tmp_path / "changed")
    assert friend.adapters() == []
    assert list(friend.home.adapters_folder.iterdir()) == []
