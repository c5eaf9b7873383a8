"""Builds the demo base from scratch: ``python -m cocolora.demo.build``. A killed build goes on where it stopped."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import torch

from cocolora.demo.build.shipping import EXAMINATION_SIZE, SHIPPED_FOLDER, document, ship
from cocolora.demo.build.trainer import Build, Recipe, run

_PLACES = ("folder", "out", "examine_every", "items", "document")


def main() -> None:
    """Build the demo base as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="scratch folder: state to resume from")
    parser.add_argument("--out", type=Path, default=SHIPPED_FOLDER, help="where the finished base goes")
    parser.add_argument("--examine-every", type=int, default=500, metavar="STEPS")
    parser.add_argument("--document", type=Path, metavar="PAGE", help="page that takes the table of scores")
    parser.add_argument("--items", type=int, default=EXAMINATION_SIZE, help="items per score of the last examination")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = vars(parser.parse_args())
    folder, out, every, items, page = (options.pop(name) for name in _PLACES)
    recipe = Recipe(**options)
    torch.set_num_threads(recipe.threads)
    torch.set_flush_denormal(True)  # the moments of rare tokens become denormal
    build = Build(recipe, folder)
    run(build, examine_every=every)
    scores = ship(build.model, build.tokenizer, recipe=asdict(recipe), folder=out, size=items)
    if page:
        document(scores, page=page)


if __name__ == "__main__":
    main()
