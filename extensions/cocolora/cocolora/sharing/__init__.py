"""Bundles of adapters, out and in."""

from cocolora.sharing.layout import Limits
from cocolora.sharing.reading import CheckedAdapter, CheckedBundle, read_bundle
from cocolora.sharing.unpacking import Unpacked, unpack
from cocolora.sharing.writing import BundledAdapter, BundleReport, write_bundle

__all__ = [
    "BundleReport",
    "BundledAdapter",
    "CheckedAdapter",
    "CheckedBundle",
    "Limits",
    "Unpacked",
    "read_bundle",
    "unpack",
    "write_bundle",
]
