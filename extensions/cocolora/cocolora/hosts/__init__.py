"""The programs cocolora lives in."""
