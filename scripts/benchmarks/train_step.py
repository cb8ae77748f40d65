"""What a step of the noise stage takes, and what share of the machine's peak it reaches.

    python -m scripts.benchmarks.train_step [--recipe photo] [--device auto] [--precision auto] [--steps 20]

Crops are of random pixels, which take as long as pictures. Operations are those of convolutions and matrix products,
forward and backward; the peak is that of a product of two matrices of 4096x4096 in the arithmetic of the networks.
Prints Markdown, and where the time goes, by part of a step and by kind of operation.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from scripts.benchmarks.process_cost import machine as named
from scripts.command_line import parser_of, run_script
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.training.data.picture_crops import PictureCrops
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.hardware import Device, Hardware, Precision
from vqcodec.training.engine.machine import Machine, launch
from vqcodec.training.engine.run import Run
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.image import ImageTraining, PictureObjective
from vqcodec.training.networks.image import Decoder, Encoder
from vqcodec.training.recipes import find_recipe
from vqcodec.training.stages.noise import NoiseTraining
from vqcodec.training.stages.objective import Goal, StageData

SIDE = 4096  # of the matrices that show the peak
PROFILED = 3  # steps
# Kinds of operations, by parts of their names; the first that fits.
KINDS = {
    "convolutions": ("convolution", "conv2d"),
    "matrix products": ("mm", "bmm", "matmul"),
    "copies and casts": ("copy_", "_to_copy", "contiguous", "clone", "cat"),
}


def noise_training(settings: ImageTraining, machine: Machine, folder: Path) -> NoiseTraining:
    """The stage, on random pixels."""
    assert settings.noise is not None
    side = 2 * settings.noise.crop
    pictures = list(np.random.default_rng(0).integers(0, 256, (8, side, side, 3), np.uint8))
    shape = settings.autoencoder
    return NoiseTraining(
        Encoder(shape),
        Decoder(shape),
        FactorizedPrior(shape.latent_channels, shape.rate_points),
        Goal(PictureObjective(settings.distortion), torch.tensor(settings.lambdas)),
        StageData(PictureCrops(pictures, settings.noise.crop, machine.device), torch.zeros(0)),
        settings.noise,
        Run(machine, folder, settings.seed),
    )


def seconds(work: Callable[[], object], times: int) -> float:
    """The median time of a call."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def peak(machine: Machine) -> float:
    """Operations a second of a large matrix product."""
    a, b = torch.rand(2, SIDE, SIDE, device=machine.device)
    with machine.autocast():
        kind = (a[:8] @ b).dtype
    a, b = a.to(kind), b.to(kind)
    return 2 * SIDE**3 / seconds(lambda: a @ b, 8)


def parts_of(training: NoiseTraining, times: int) -> list[list[str]]:
    """The median seconds of the parts of a step."""
    optimizer, draws = training.optimizer, training.run.draws("noise", 0, training.stage.batch)
    parameters = [p for module in training.modules.values() for p in module.parameters()]
    x = training.data.crops(draws)
    rate_point = draws.rate_points(len(training.goal.lambdas), x)

    def backward() -> None:
        for parameter in parameters:
            parameter.grad = None
        training._losses(x, rate_point, draws)[0].mean().backward()  # type: ignore[no-untyped-call]

    parts: dict[str, Callable[[], object]] = {
        "data": lambda: training.data.crops(training.run.draws("noise", 0, training.stage.batch)),
        "forward and backward": backward,
        **{type(each).__name__: each.step for each in optimizer.optimizers},
        "norm of gradients": lambda: torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None]),
    }
    return [[name, f"{seconds(work, times):.4f}"] for name, work in parts.items()]


def kinds_of(training: NoiseTraining) -> list[list[str]]:
    """The share of the processor's time of each kind of operation, in %."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for number in range(PROFILED):
            training.step(number)
    times: dict[str, float] = defaultdict(float)
    for event in profiler.key_averages():
        name = event.key.removeprefix("aten::")
        kind = next((kind for kind, parts in KINDS.items() if any(part in name for part in parts)), "all else")
        times[kind] += event.self_cpu_time_total
    total = sum(times.values())
    return [[kind, f"{100 * share / total:.0f}"] for kind, share in sorted(times.items(), key=lambda each: -each[1])]


def measure(machine: Machine, settings: ImageTraining, steps: int) -> None:
    """Print the tables."""
    with TemporaryDirectory() as folder:
        training = noise_training(settings, machine, Path(folder))
        with FlopCounterMode(display=False) as counter:
            training.step(0)
        operations = counter.get_total_flops()
        step = seconds(lambda: training.step(0), steps)
        reached, most = operations / step, peak(machine)
        print(f"{named()}\n")
        figures = [f"{step:.3f}", f"{1 / step:.2f}", f"{operations / 1e12:.3f}", f"{reached / 1e12:.3f}"]
        heads = ["seconds a step", "steps a second", "TFLOP a step", "TFLOP/s", "peak TFLOP/s", "share of it, %"]
        print(markdown_table(heads, [[*figures, f"{most / 1e12:.3f}", f"{100 * reached / most:.0f}"]]), end="\n\n")
        print(markdown_table(["part", "seconds"], parts_of(training, steps)), end="\n\n")
        print(markdown_table(["operations", "time, %"], kinds_of(training)))


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("--recipe", default="photo", help="settings (default: photo)")
    parser.add_argument("--device", choices=get_args(Device), default="auto", help="default: auto")
    parser.add_argument("--precision", choices=get_args(Precision), default="auto", help="default: auto")
    parser.add_argument("--steps", type=int, default=20, help="to take the median of (default: 20)")
    arguments = parser.parse_args()
    settings = load_config(find_recipe("image", arguments.recipe), ImageTraining)
    hardware = Hardware(arguments.device, arguments.precision)
    launch(lambda machine: measure(machine, settings, arguments.steps), hardware)


if __name__ == "__main__":
    run_script(main)
