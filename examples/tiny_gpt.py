"""A tiny GPT over tokens: from pictures to a training loop in two minutes.

    python examples/tiny_gpt.py [PICTURES]

`vqcodec bulk tokens` turns pictures into Parquet tables, `datasets` streams these, and a transformer of two layers
learns to predict the next index. Without PICTURES, a folder, they are crops of the example picture. It needs
`pip install 'vqcodec[bulk,train]' datasets`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from datasets import load_dataset
from PIL import Image
from torch import Tensor, nn

SIDE = 64  # pixels; 16 positions
PLANES = 6  # the most important ones
ALPHABET = 256
WIDTH, HEADS, LAYERS = 96, 4, 2
BATCH, STEPS = 16, 120


class TinyGPT(nn.Module):
    """Predicts each token from those before it."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.token = nn.Embedding(ALPHABET + 1, WIDTH)  # the last one begins a sequence
        self.place = nn.Parameter(0.02 * torch.randn(length, WIDTH))
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, dropout=0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, ALPHABET)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits `[B, length, ALPHABET]` of tokens `[B, length]`, each of the tokens before it."""
        begin = torch.full_like(tokens[:, :1], ALPHABET)
        shifted = torch.cat([begin, tokens[:, :-1]], dim=1)
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        return self.head(self.layers(self.token(shifted) + self.place, mask=mask, is_causal=True))


def main() -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        pictures = Path(sys.argv[1]) if len(sys.argv) > 1 else crops_of_example(folder / "pictures")
        command = [sys.executable, "-m", "vqcodec", "bulk", "tokens", str(pictures), str(folder / "tokens")]
        subprocess.run([*command, "--size", f"{SIDE}x{SIDE}", "-q", "40"], check=True)
        losses = train(batches(folder / "tokens", folder / "cache"))
    first, last = np.mean(losses[:10]), np.mean(losses[-10:])
    print(f"{len(losses)} steps: from {first:.2f} to {last:.2f} bits a token")


def crops_of_example(folder: Path, count: int = 200) -> Path:
    """Write crops of the example picture to a folder."""
    folder.mkdir()
    whole = Image.open(Path(__file__).with_name("coffee.png")).convert("RGB")
    rng = np.random.default_rng(0)
    for index in range(count):
        left, top = (int(rng.integers(0, side - SIDE)) for side in whole.size)
        whole.crop((left, top, left + SIDE, top + SIDE)).save(folder / f"{index:04d}.png")
    return folder


def batches(tokens: Path, cache: Path) -> Iterator[Tensor]:
    """Tokens `[B, length]` for ever: of each position the most important planes, position by position."""
    data = load_dataset(
        "parquet", data_files=f"{tokens}/*.parquet", split="train", streaming=True, cache_dir=str(cache)
    )
    epoch = 0
    while True:
        shuffled = data.filter(lambda row: row["error"] is None).shuffle(seed=epoch, buffer_size=1000)
        for batch in shuffled.batch(BATCH, drop_last_batch=True):
            planes = torch.tensor(batch["indices"], dtype=torch.long)[:, :PLANES]  # [B, PLANES, positions]
            yield planes.transpose(1, 2).flatten(1)
        epoch += 1


def train(data: Iterator[Tensor]) -> list[float]:
    """The loss of each step, in bits a token."""
    torch.manual_seed(0)
    model = TinyGPT(PLANES * (SIDE // 16) ** 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    losses = []
    for _ in range(STEPS):
        tokens = next(data)
        loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item() / np.log(2))
    return losses


if __name__ == "__main__":
    main()
