"""Writing a GPTQ copy of a model: a program of its own, because gptqmodel changes the process it works in.

python -m cocolora.model.quantising FOLDER TARGET BITS
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from cocolora.errors import ModelUnreadable, PackageMissing
from cocolora.model.card import read_card

GROUP_SIZE = 32
_CALIBRATION_CHATS = 64


def write_gptq(folder: Path, target: Path, *, bits: int) -> Path:
    """Write the model in ``folder`` to ``target``, its linear layers in GPTQ's packing of ``bits`` bits.

    Calibrated on the questions that come with the base. Raises PackageMissing without gptqmodel, and ModelUnreadable
    with its last words when it fails.
    """
    if importlib.util.find_spec("gptqmodel") is None:
        raise PackageMissing(folder, "gptqmodel")
    command = [sys.executable, "-m", __name__, str(folder), str(target), str(bits)]
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    environment = {"GPTQMODEL_CPU_WORKERS": "2", **os.environ, "PYTHONPATH": paths}
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise ModelUnreadable(folder, f"gptqmodel: {done.stderr.strip().splitlines()[-1:]}")
    return target


def _main() -> None:
    from gptqmodel import BACKEND, GPTQModel, QuantizeConfig
    from transformers import AutoTokenizer

    folder, target, bits = sys.argv[1:]
    card = read_card(Path(folder))
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    questions = [*card.replay, *(question for question, _ in card.probes)][:_CALIBRATION_CHATS]
    chats = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
        )
        for question in questions
    ]
    config = QuantizeConfig(bits=int(bits), group_size=GROUP_SIZE)
    model = GPTQModel.load(folder, config, device="cpu", backend=BACKEND.TORCH)
    model.quantize(chats, batch_size=8, backend=BACKEND.TORCH)
    model.save(target)


if __name__ == "__main__":
    _main()
