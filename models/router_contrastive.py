"""Contrastive SetFit: tunes the router's body so that questions of one kind lie close together.

Only low-rank changes of the weight matrices are trained, so the result is a few hundred kilobytes
of numbers that a head file can carry, not another copy of the body.
"""

from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.router_body import packaged_model
from models.router_heads import Patch
from models.train_router import BODY_LAYERS, LabelledQuery

if TYPE_CHECKING:
    from torch import nn

STEPS = 150
RANK = 4
BATCH = 16
LEARNING_RATE = 2e-3
"""A hundred times the usual rate of whole weights: the small factors start at zero."""
LONGEST = 32
CHANGED = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


def adapt(
    queries: Sequence[LabelledQuery], seed: int, steps: int = STEPS, rank: int = RANK
) -> tuple[Patch, ...]:
    """Train the changes of the body by SetFit's pairs: same path and scenario, or not.

    Args:
        queries: Labelled queries, of which pairs are drawn.
        seed: Seed of the pairs and of the factors; on one thread the result repeats.
        steps: Batches of pairs to train on; about half a second each on one core.
        rank: Rank of each change.

    Raises:
        ImportError: the optional packages of the router are not installed.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from sentence_transformers import SentenceTransformer

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
        body: Any = SentenceTransformer(str(packaged_model()), device="cpu")
        body.max_seq_length = LONGEST
        network = body[0].auto_model
        network.encoder.layer = network.encoder.layer[:BODY_LAYERS]
        for weight in body.parameters():
            weight.requires_grad_(False)
        changed = _make_changeable(network, rank)
        _train(body, queries, seed, steps)
    finally:
        torch.set_num_threads(threads)
    return tuple(
        Patch.pack(
            f"{name}.weight",
            factors.left.detach().numpy(),
            factors.right.detach().numpy(),
        )
        for name, factors in changed.items()
    )


def _make_changeable(network: Any, rank: int) -> dict[str, Any]:
    from torch import nn
    from torch.nn.utils import parametrize

    linear = {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear) and name.endswith(CHANGED) and "pooler" not in name
    }
    changed: dict[str, Any] = {}
    for name, module in linear.items():
        changed[name] = _change(module.weight, rank)
        parametrize.register_parametrization(module, "weight", changed[name])
    return changed


def _change(weight: Any, rank: int) -> nn.Module:
    import torch
    from torch import nn

    class Change(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            rows, columns = weight.shape
            self.left = nn.Parameter(torch.zeros(rows, rank))
            self.right = nn.Parameter(torch.randn(rank, columns) / columns**0.5)

        def forward(self, original: Any) -> Any:
            return original + self.left @ self.right

    return Change()


def _train(body: Any, queries: Sequence[LabelledQuery], seed: int, steps: int) -> None:
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression

    answers = [f"{query.scenario} {query.path}" for query in queries]
    names = sorted(set(answers))
    data: Any = Dataset.from_dict(  # pyright: ignore[reportUnknownMemberType]
        {
            "text": [query.text for query in queries],
            "label": [names.index(answer) for answer in answers],
        }
    )
    model: Any = SetFitModel(
        model_body=body, model_head=LogisticRegression(), labels=names, normalize_embeddings=True
    )
    with tempfile.TemporaryDirectory() as place:
        arguments: Any = TrainingArguments(
            output_dir=str(pathlib.Path(place)),
            batch_size=(BATCH, BATCH),
            num_epochs=1,
            max_steps=steps,
            body_learning_rate=(LEARNING_RATE, LEARNING_RATE),
            seed=seed,
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        Trainer(model=model, args=arguments, train_dataset=data).train_embeddings(
            [query.text for query in queries],
            [names.index(answer) for answer in answers],
            args=arguments,
        )
