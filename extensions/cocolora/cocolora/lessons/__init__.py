"""From turns to lessons, and from lessons to samples."""
