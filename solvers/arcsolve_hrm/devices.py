"""Where the network runs and in which floating-point type, chosen by what the machine has."""

from __future__ import annotations

import torch


def native_bfloat16(device: str) -> bool:
    """Tell whether bfloat16 is faster than float32 here: on any GPU, and on CPUs with bfloat16 instructions."""
    if not device.startswith("cpu"):
        return True
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(bool(capabilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "sve_bf16", "bf16"))


def choose_dtype(wish: str, device: str) -> str:
    """Resolve ``auto`` to ``bfloat16`` where the machine has it, else ``float32``; leave other wishes alone."""
    if wish != "auto":
        return wish
    return "bfloat16" if native_bfloat16(device) else "float32"
