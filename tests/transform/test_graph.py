"""Networks as graphs: the bytes of a model, each layer beside PyTorch, gradients beside autograd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from tests.helpers.audio_models import tiny_audio_model
from tests.helpers.image_models import lively, tiny_model
from vqcodec.model.bundled import find_model
from vqcodec.model.model import Model, load_model
from vqcodec.training.distortion import DISTORTIONS
from vqcodec.transform.audio import autoencoder as audio
from vqcodec.transform.graph.expression import Graph, Value
from vqcodec.transform.graph.gradient import gradient
from vqcodec.transform.graph.network import GraphNetwork
from vqcodec.transform.graph.networks import GraphNetworks
from vqcodec.transform.graph.onnx_file import onnx_model
from vqcodec.transform.graph.session import Session
from vqcodec.transform.image import autoencoder as image
from vqcodec.transform.image.config import Distortion
from vqcodec.transform.image.distortion import distortion_and_gradient
from vqcodec.transform.image.ms_ssim import dissimilarity
from vqcodec.transform.layers import (
    Convolution,
    DepthToSpace,
    DepthToTime,
    LeakyRelu,
    Part,
    ResidualBlock,
    Sequence,
    SpaceToDepth,
    weight_shapes,
)
from vqcodec.transform.torch_networks import Network, TorchNetworks
from vqcodec.transform.weights import NetworkWeights

Floats = NDArray[np.float32]

MODELS = ("tiny", "tiny voice", "photo", "photo-ms-ssim", "small", "speech")
LAYERS: dict[str, Part] = {
    "convolution": Convolution(6, 5, (3, 3)),
    "strided": Convolution(6, 5, (3, 3), (2, 2)),
    "in time": Convolution(6, 5, (1, 3), (1, 2)),
    "activation": LeakyRelu(),
    "block": ResidualBlock(6, (3, 3)),
    "depth to space": DepthToSpace(6, 1),
    "depth to larger space": Sequence((Convolution(6, 18), DepthToSpace(2, 3))),
    "space to depth": SpaceToDepth(6, 2),
    "depth to time": DepthToTime(3),
    "sequence": Sequence((LeakyRelu(), Convolution(6, 8), DepthToSpace(2, 2), LeakyRelu())),
}


@cache
def model_named(name: str) -> Model:
    return {"tiny": tiny_model, "tiny voice": tiny_audio_model}.get(name, lambda: load_model(find_model(name)))()


def weights_of(name: str) -> NetworkWeights:
    """None of them is 0, as training begins."""
    model = model_named(name)
    definition, values = (image, "pixels") if model.config.modality == "image" else (audio, "samples")
    return NetworkWeights(definition, model.config.autoencoder, lively(model.networks), values)


def random(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def run(graph: Graph, given: Mapping[Value, NDArray[Any]], *outputs: Value) -> list[NDArray[Any]]:
    """Values of a graph, which is checked by the way."""
    onnx.checker.check_model(onnx.load_from_string(onnx_model(graph, list(given), outputs)), full_check=True)
    return Session(lambda: (graph, list(given), outputs))(*given.values())


def assert_close(found: Floats, expected: Tensor | Floats, tolerance: float = 1e-4) -> None:
    wanted = expected.detach().numpy() if isinstance(expected, Tensor) else expected
    np.testing.assert_allclose(found, wanted, atol=tolerance * np.abs(wanted).max(), rtol=0)


# Layers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_and_its_gradient(name: str) -> None:
    part, rows = LAYERS[name], 1 if "time" in name else 8
    weights = {key: random(*shape, seed=len(key)) for key, shape in weight_shapes({"it": part}).items()}
    network = Network({"it": part})
    network.load_state_dict({key: torch.from_numpy(array) for key, array in weights.items()})
    graph, x = Graph(), torch.from_numpy(random(2, 6, rows, 12)).requires_grad_()
    given = graph.input()
    layer: Callable[[Value], Value] = vars(GraphNetwork(graph, {"it": part}, weights))["it"]
    result, expected = layer(given), network.get_submodule("it")(x)
    assert_close(run(graph, {given: x.detach().numpy()}, result)[0], expected)
    if name in ("strided", "in time", "space to depth", "depth to time"):  # of encoders, or of sound
        return
    slope = random(*expected.shape, seed=1)
    (wanted,) = torch.autograd.grad(expected, x, torch.from_numpy(slope))
    back = graph.input()
    assert_close(run(graph, {given: x.detach().numpy(), back: slope}, gradient(result, back, given))[0], wanted)


EXPRESSIONS: dict[str, tuple[Callable[[Value], Value], Callable[[Tensor], Tensor]]] = {
    "sum": (lambda x: x + x * 2, lambda x: x + x * 2),
    "difference": (lambda x: x * x - x, lambda x: x * x - x),
    "quotient": (lambda x: x / (x * x + 1.0), lambda x: x / (x * x + 1)),
    "quotient of a number": (lambda x: (x * 0 + 1.0) / (x * x + 1.0), lambda x: 1 / (x * x + 1)),
    "power": (lambda x: x.graph.apply("Pow", x * x + 1.0, 0.3), lambda x: (x * x + 1) ** 0.3),
    "tanh": (lambda x: x.graph.apply("Tanh", x), torch.tanh),
    "sigmoid": (lambda x: x.graph.apply("Sigmoid", x), torch.sigmoid),
    "clipped": (lambda x: x.graph.apply("Clip", x * 3, -1.0, 2.0), lambda x: (x * 3).clamp(-1, 2)),
    "positive part": (lambda x: x.graph.apply("Relu", x), torch.relu),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_gradients_of_expressions(name: str) -> None:
    ours, theirs = EXPRESSIONS[name]
    graph, x = Graph(), torch.from_numpy(random(1, 3, 5, 7)).requires_grad_()
    given, back = graph.input(), graph.input()
    result, slope = ours(given), random(1, 3, 5, 7, seed=1)
    (wanted,) = torch.autograd.grad(theirs(x), x, torch.from_numpy(slope))
    values = {given: x.detach().numpy(), back: slope}
    value, found = run(graph, values, result, gradient(result, back, given))
    assert_close(value, theirs(x))
    assert_close(found, wanted)


def test_a_part_of_a_graph_needs_its_inputs() -> None:
    graph = Graph()
    x, y = graph.input(), graph.input()
    inner = x * y
    outer = inner + 1.0
    assert [node.operator for node in graph.between([x, y], [outer])] == ["Mul", "Add"]
    assert [node.operator for node in graph.between([inner], [outer])] == ["Add"]
    with pytest.raises(ValueError, match="missing: input_1"):
        graph.between([y], [outer])


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_of_any_size_are_written(number: int) -> None:
    graph = Graph()
    x = graph.input()
    y = graph.apply("Softmax", x, axis=number)
    (attribute,) = onnx.load_from_string(onnx_model(graph, [x], [y])).graph.node[0].attribute
    assert attribute.i == number


def test_constants_are_written_as_they_are() -> None:
    graph = Graph()
    arrays: list[NDArray[Any]] = [random(3, 4, 5), np.arange(-3, 300), np.array([True, False]), np.zeros(0, np.float32)]
    values = [graph.constant(array, array.dtype) for array in arrays]
    result = graph.apply("Concat", *values, axis=0)
    written = onnx.load_from_string(onnx_model(graph, [], [result])).graph.initializer
    found = {each.name: onnx.numpy_helper.to_array(each) for each in written}
    for value, array in zip(values, arrays, strict=True):
        np.testing.assert_array_equal(found[value.name], array)
        assert found[value.name].dtype == array.dtype


# Networks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_networks_are_those_of_torch(name: str) -> None:
    """Encoder, decoder, likelihood and the gradient of the decoder, at two sizes."""
    weights = weights_of(name)
    ours, theirs = GraphNetworks(weights), TorchNetworks(weights, "cpu")
    of_pictures, shape = weights.values == "pixels", weights.shape
    for rows, columns in ((1, 3), (6, 5)):
        batch, height = (1, rows) if of_pictures else (rows, 1)
        if of_pictures:
            x = random(batch, 3, height * shape.stride, columns * shape.stride)
        else:
            x = random(batch, 3 * shape.bins, 1, columns * shape.stride // shape.hop)
        assert_close(ours.encode(x), theirs.encode(x))
        z_q, point = random(batch, shape.latent_channels, height, columns), shape.rate_points - 1
        location = theirs.decode(z_q, point)
        assert_close(ours.decode(z_q, point), location)
        for found, expected in zip(
            ours.decode_with_likelihood(z_q, point), theirs.decode_with_likelihood(z_q, point), strict=True
        ):
            assert_close(found, expected)
        if of_pictures:
            (again, back), (_, wanted) = (each.decode_with_gradient(z_q, point) for each in (ours, theirs))
            assert_close(again, location)
            slope = random(*location.shape, seed=2)
            assert_close(back(slope), wanted(slope))


@pytest.mark.parametrize("name", MODELS)
def test_graphs_are_valid(name: str) -> None:
    networks = GraphNetworks(weights_of(name))
    builders = [networks._encoder, networks._decoder, networks._decoder_with_likelihood]
    if networks._weights.values == "pixels":
        builders += [networks._forward_pass, networks._backward_pass]
    for build in builders:
        model = onnx.load_from_string(onnx_model(*build()))
        onnx.checker.check_model(model, full_check=True)


# Distortions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DISTORTIONS)
@pytest.mark.parametrize("shape", [(1, 1), (176, 208), (30, 401), (181, 333)])
def test_distortions_and_their_gradients_are_those_of_torch(name: Distortion, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    blocks = rng.random((1, 3, -(-shape[0] // 8), -(-shape[1] // 8)))
    original = np.kron(blocks, np.ones((1, 1, 8, 8)))[..., : shape[0], : shape[1]].astype(np.float32) - np.float32(0.5)
    decoded = (original + 0.1 * random(*original.shape)).clip(-0.5, 0.5)
    value, slope = distortion_and_gradient(name, original, decoded)
    y = torch.from_numpy(decoded).requires_grad_()
    expected = DISTORTIONS[name](torch.from_numpy(original), y)
    (wanted,) = torch.autograd.grad(expected.sum(), y)
    assert value == pytest.approx(expected.item(), rel=1e-3, abs=2e-4)  # variances of flat areas
    assert_close(slope, wanted, 1e-3)


def test_nothing_alike_has_no_slope() -> None:
    original = np.kron(random(1, 3, 22, 22), np.ones((1, 1, 8, 8), np.float32)).clip(-0.5, 0.5)
    value, slope = distortion_and_gradient("ms-ssim", original, -original)
    assert value > 1
    assert np.isfinite(slope).all()


def test_the_graph_of_ms_ssim_is_valid() -> None:
    graph = Graph()
    x, y = graph.input(), graph.input()
    value = dissimilarity(graph, x, y)
    found = gradient(value, graph.constant(np.ones((1, 1, 1, 1))), y)
    onnx.checker.check_model(onnx.load_from_string(onnx_model(graph, [x, y], [value, found])))
