"""Teacher-forced measurements: log-probabilities of outputs, and what is solved on held-out pairs."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from arcsolve_hrm.batches import TokenStore
from arcsolve_hrm.core import HRM
from arcsolve_hrm.seq import colour_tables

N_COLOURS = 10


@torch.no_grad()
def _sequence_sums(
    model: HRM,
    store: TokenStore,
    views: NDArray[np.int64],
    tables: NDArray[np.uint8],
    segments: int,
    row_tokens: int,
    documents: int = 256,
) -> tuple[Tensor, Tensor, Tensor]:
    """Score views in order.

    Returns:
        Per view the log-probability summed over its output tokens and the number of wrong argmaxes; and float
        [2, colours], how often each colour was predicted, and was true, in output cells.
    """
    plan = store.plan(views, tables, row_tokens, documents)
    sums, wrongs = [], []
    colours = torch.zeros((2, N_COLOURS), device=store.device)
    for row in range(len(plan.used)):
        batch = store.batch(plan, row, row_tokens)
        x = model.embed_sequence(batch.tokens, batch.tasks, batch.dihedrals)
        rope = model.rope(batch.positions)
        state = model.initial_state(1, x.shape[1])
        for _ in range(segments):
            out = model.segment(state, x, rope, batch.packing)
            state = out.state
        logits, targets = out.logits[0].to(torch.float32), batch.targets[0]
        asked = targets >= 0
        best = logits.argmax(-1)
        values = torch.stack(
            (
                -F.cross_entropy(logits, targets, ignore_index=-100, reduction="none"),
                ((best != targets) & asked).to(torch.float32),
            ),
            -1,
        )
        added = torch.zeros((documents, 2), device=store.device).index_add_(0, batch.document, values)
        count = int((plan.starts[row][:-1] < plan.used[row]).sum())
        sums.append(added[:count, 0])
        wrongs.append(added[:count, 1])
        for line, tokens in enumerate((best, targets)):
            cell = asked & (tokens < N_COLOURS)
            colours[line].index_add_(0, tokens.clamp(0, N_COLOURS - 1), cell.to(torch.float32))
    return torch.cat(sums), torch.cat(wrongs), colours


def sequence_scores(
    model: HRM, store: TokenStore, views: NDArray[np.int64], tables: NDArray[np.uint8], segments: int, row_tokens: int
) -> NDArray[np.float64]:
    """Score outputs by teacher forcing.

    Args:
        model: The network, in evaluation mode.
        store: Tokenised pairs.
        views: 8 * pair + dihedral.
        tables: uint8 [len(views), 16]; colour permutations.
        segments: ACT segments.
        row_tokens: Tokens per forward pass.

    Returns:
        Log-probability of each view's output, summed over its tokens.
    """
    with torch.compiler.set_stance("force_eager"):
        sums, _, _ = _sequence_sums(model, store, views, tables, segments, row_tokens)
    return sums.cpu().numpy().astype(np.float64)


def held_out(
    model: HRM, store: TokenStore, *, views: int, segments: int, row_tokens: int, seed: int = 1
) -> dict[str, float]:
    """Measure on held-out pairs by teacher forcing: a view is solved greedily iff every token's argmax is right.

    Args:
        model: The network.
        store: The held-out pairs.
        views: Augmented views per pair; the identity is among them.
        segments: ACT segments.
        row_tokens: Tokens per forward pass.
        seed: Of the augmentation.

    Returns:
        ``held_loss``, mean cross-entropy per output token; ``views``, share of views solved; ``pass1``, of pairs whose
        identity view is solved; ``pass2``, of pairs that at least a quarter of the views solve (close to what voting
        gives); ``one_colour`` and ``black``, share of the predicted cells that have the commonest colour, and colour 0
        (``..._true``: the same of the true outputs).
    """
    was_training = model.training
    model.eval()
    generator = np.random.default_rng(seed)
    pair = np.repeat(np.arange(len(store)), views)
    turn = np.concatenate([np.resize(np.flatnonzero(turns), views) for turns in store.turns])
    tables = colour_tables(len(pair), store.fixed[pair], generator)
    tables[::views] = np.arange(16, dtype=np.uint8)
    with torch.compiler.set_stance("force_eager"):
        sums, wrong, colours = _sequence_sums(model, store, pair * 8 + turn, tables, segments, row_tokens)
    model.train(was_training)
    grid = (wrong == 0).view(len(store), views).to(torch.float32)
    tokens = store.lengths.view(-1, 8)[:, 0] - store.prefixes.view(-1, 8)[:, 0]
    shares = colours / colours.sum(1, keepdim=True).clamp(min=1)
    return {
        "held_loss": float((-sums.view(len(store), views).mean(1)).sum() / tokens.sum()),
        "views": float(grid.mean()),
        "pass1": float(grid[:, 0].mean()),
        "pass2": float((grid.mean(1) >= 0.25).float().mean()),
        "one_colour": float(shares[0].max()),
        "one_colour_true": float(shares[1].max()),
        "black": float(shares[0, 0]),
        "black_true": float(shares[1, 0]),
    }
