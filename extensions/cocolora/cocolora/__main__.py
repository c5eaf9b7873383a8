"""``python -m cocolora``."""

from cocolora.cli import main

raise SystemExit(main())
