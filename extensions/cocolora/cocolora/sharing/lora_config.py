"""A stranger's ``adapter_config.json``: plain LoRA in PEFT's words and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cocolora.sharing.layout import CONFIG, LARGEST_RANK, Refusal
from cocolora.sharing.strict_json import parse_model

ModuleName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,99}$")]
Empty = Annotated[dict[str, object], Field(max_length=0)] | None


class LoraConfig(BaseModel):
    """The keys that PEFT writes for plain LoRA; those that would load code, files or other parts must be unset."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    peft_type: Literal["LORA"]
    task_type: Literal["CAUSAL_LM"] | None = None
    r: int = Field(ge=1, le=LARGEST_RANK)
    lora_alpha: float = Field(gt=0, le=65_536)
    target_modules: list[ModuleName] = Field(min_length=1, max_length=200)
    base_model_name_or_path: str | None = Field(default=None, max_length=200)
    lora_dropout: float = Field(default=0.0, ge=0, lt=1)
    inference_mode: bool = True
    init_lora_weights: bool = True
    use_rslora: bool = False
    bias: Literal["none"] = "none"
    fan_in_fan_out: Literal[False] = False
    peft_version: str | None = Field(default=None, pattern=r"^[0-9A-Za-z.+@_-]{1,60}$")
    megatron_core: Literal["megatron.core"] | None = None
    qalora_group_size: int | None = None
    use_dora: Literal[False] = False
    use_qalora: Literal[False] = False
    lora_bias: Literal[False] = False
    ensure_weight_tying: Literal[False] = False
    rank_pattern: Empty = None
    alpha_pattern: Empty = None
    loftq_config: Empty = None
    auto_mapping: None = None
    revision: None = None
    exclude_modules: None = None
    modules_to_save: None = None
    layers_to_transform: None = None
    layers_pattern: None = None
    layer_replication: None = None
    megatron_config: None = None
    trainable_token_indices: None = None
    target_parameters: None = None
    eva_config: None = None
    corda_config: None = None
    arrow_config: None = None
    alora_invocation_tokens: None = None

    def covers(self, module_path: str) -> bool:
        """Say whether PEFT would put LoRA on a module of this path."""
        return any(module_path == name or module_path.endswith(f".{name}") for name in self.target_modules)


def parse_config(content: bytes, *, base_name: str, depth: int) -> LoraConfig:
    """Read a configuration; it may name no other base than ``base_name``. Raises Refusal."""
    config = parse_model(LoraConfig, content, name=CONFIG, depth=depth)
    if config.base_model_name_or_path not in (None, base_name):
        raise Refusal(f"{CONFIG} names the base {config.base_model_name_or_path!a}, the manifest {base_name!a}")
    return config
