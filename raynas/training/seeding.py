"""Random numbers that depend on a seed and an epoch only, so that a resumed training goes on."""

import random

import numpy as np
import torch


def seed_epoch(seed: int, epoch: int) -> None:
    """Seed Python, NumPy and PyTorch for an epoch, from 1; epoch 0 is the net's initialisation."""
    state = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    random.seed(state)
    np.random.seed(state)
    torch.manual_seed(state)
