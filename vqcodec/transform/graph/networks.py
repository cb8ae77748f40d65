"""Encoder, decoder and likelihood of a model, evaluated by ONNX Runtime on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from vqcodec.transform.graph.expression import Graph, Value
from vqcodec.transform.graph.gradient import gradient
from vqcodec.transform.graph.network import GraphNetwork
from vqcodec.transform.graph.session import Session
from vqcodec.transform.weights import NetworkWeights

__all__ = ["GraphNetworks"]

Floats = NDArray[np.float32]
Function = tuple[Graph, Sequence[Value], Sequence[Value]]  # a graph, its inputs and its outputs


class GraphNetworks:
    """See `vqcodec.transform.networks.Networks`. A graph is made from the checked weights on first use.

    Args:
        weights: of the model.
    """

    def __init__(self, weights: NetworkWeights) -> None:
        self._weights = weights
        self._encode, self._decode = Session(self._encoder), Session(self._decoder)
        self._decode_with_likelihood = Session(self._decoder_with_likelihood)
        self._forward, self._backward = Session(self._forward_pass), Session(self._backward_pass)

    def encode(self, x: Floats) -> Floats:
        """z_e."""
        return self._encode(x)[0]

    def decode(self, z_q: Floats, rate_point: int) -> Floats:
        """The location of p(x|z_q)."""
        return self._decode(z_q, np.array([rate_point], np.int64))[0]

    def decode_with_likelihood(self, z_q: Floats, rate_point: int) -> tuple[Floats, Floats]:
        """The location, and what the likelihood network says besides."""
        location, parameters = self._decode_with_likelihood(z_q, np.array([rate_point], np.int64))
        return location, parameters

    def decode_with_gradient(self, z_q: Floats, rate_point: int) -> tuple[Floats, Callable[[Floats], Floats]]:
        """The location, and a function from the gradient in it to the gradient in z_q."""
        point = np.array([rate_point], np.int64)
        location, *signs = self._forward(z_q, point)
        return location, lambda given: self._backward(given, point, *signs)[0]

    def release_memory(self) -> None:
        """The activations of all sessions."""
        for session in (self._encode, self._decode, self._decode_with_likelihood, self._forward, self._backward):
            session.end()

    def _encoder(self) -> Function:
        graph, own = Graph(), self._weights
        x = graph.input()
        network = GraphNetwork(graph, own.definition.encoder_parts(own.shape), own.encoder)
        return graph, [x], [own.definition.encode(network, x)]

    def _decoder(self) -> Function:
        z_q, rate_point, location, _ = self._decoded()
        return location.graph, [z_q, rate_point], [location]

    def _decoder_with_likelihood(self) -> Function:
        own = self._weights
        z_q, rate_point, location, features = self._decoded()
        head = GraphNetwork(location.graph, own.definition.likelihood_parts(own.shape), own.likelihood)
        return location.graph, [z_q, rate_point], [location, own.definition.likelihood(head, features)]

    def _forward_pass(self) -> Function:
        z_q, rate_point, location, signs, _, _ = self._differentiated()
        return location.graph, [z_q, rate_point], [location, *signs]

    def _backward_pass(self) -> Function:
        _, rate_point, location, signs, given, found = self._differentiated()
        return location.graph, [given, rate_point, *signs], [found]

    def _decoded(self) -> tuple[Value, Value, Value, Value]:
        """z_q, the rate point, the location and the features, in a new graph."""
        graph, own = Graph(), self._weights
        z_q, rate_point = graph.input(), graph.input(np.int64, rank=1)
        network = GraphNetwork(graph, own.definition.decoder_parts(own.shape), own.decoder)
        return z_q, rate_point, *own.definition.decode(network, z_q, rate_point)

    def _differentiated(self) -> tuple[Value, Value, Value, list[Value], Value, Value]:
        """z_q, the rate point, the location, signs, the gradient in the location, and that in z_q, in a new graph.

        A decoder is linear but for the signs of what goes into its activations. They are all that the way back needs.
        """
        z_q, rate_point, location, _ = self._decoded()
        given = location.graph.input()
        found = gradient(location, given, z_q)
        signs = [node.output for node in location.graph.nodes if node.operator == "Greater"]
        return z_q, rate_point, location, signs, given, found
