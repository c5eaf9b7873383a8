"""Bundles of adapters, out and in."""

from cocolora.sharing.aside import require_free
from cocolora.sharing.bundled import BundledAdapter
from cocolora.sharing.dataset import write_dataset
from cocolora.sharing.deltas import combine, read_weights, truncate
from cocolora.sharing.forms import Order, write_form
from cocolora.sharing.layout import LARGEST_RANK, Limits
from cocolora.sharing.loading import read_loading
from cocolora.sharing.peft_folder import write_folder
from cocolora.sharing.reading import CheckedAdapter, CheckedBundle, read_bundle
from cocolora.sharing.signing import make_key, read_key
from cocolora.sharing.unpacking import Unpacked, unpack
from cocolora.sharing.writing import BundleReport, write_bundle

__all__ = [
    "LARGEST_RANK",
    "BundleReport",
    "BundledAdapter",
    "CheckedAdapter",
    "CheckedBundle",
    "Limits",
    "Order",
    "Unpacked",
    "combine",
    "make_key",
    "read_bundle",
    "read_key",
    "read_loading",
    "read_weights",
    "require_free",
    "truncate",
    "unpack",
    "write_bundle",
    "write_dataset",
    "write_folder",
    "write_form",
]
