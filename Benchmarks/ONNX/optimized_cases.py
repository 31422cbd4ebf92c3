#!/usr/bin/env python3
"""Makes cases of models that PyTorch exports, as they are and as ONNX Runtime's optimizers rewrite them.

Each folder has a model, inputs and ONNX Runtime's results, in the form of ONNX's backend tests: the exported models, the
same after graph optimization (levels basic to all), after the optimizer for transformers, and quantized.

Usage: optimized_cases.py FOLDER    (needs torch, onnxscript, onnx and onnxruntime)
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from torch import nn

warnings.simplefilter("ignore")
torch.manual_seed(0)
FOLDER = pathlib.Path(sys.argv[1])
WORK = FOLDER / ".work"


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, stride=2),
            nn.LeakyReLU(0.1), nn.Conv2d(16, 16, 3, padding=1, groups=4), nn.Hardswish(), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Linear(16, 5))
        self.skip = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.body(torch.relu(self.skip(x) + x)).softmax(-1)


class Encoder(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.embedding = nn.Embedding(50, 32)
        self.places = nn.Embedding(16, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation=activation, dropout=0.0)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, tokens):
        return self.layers(self.embedding(tokens) + self.places(torch.arange(tokens.shape[1])))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerDecoderLayer(32, 4, 64, batch_first=True, dropout=0.0, norm_first=True)
        self.layers = nn.TransformerDecoder(layer, 1)

    def forward(self, x, memory):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.layers(x, memory, tgt_mask=mask, tgt_is_causal=True)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 8, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(16, 5, batch_first=True)

    def forward(self, x):
        return self.gru(self.lstm(x)[0])[0]


class Upsampling(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(4, 3, 2, stride=2)

    def forward(self, x):
        y = nn.functional.interpolate(self.up(x), scale_factor=1.5, mode="bilinear", align_corners=False)
        z = nn.functional.interpolate(y, size=(7, 9), mode="nearest")
        return nn.functional.grid_sample(z, torch.tanh(z[:, :2].permute(0, 2, 3, 1)), align_corners=True)


class Mixture(nn.Module):
    """Operators of many kinds."""

    def forward(self, x):
        values, places = torch.topk(x, 3, dim=-1)
        first, middle, last = torch.split(x, [1, 2, 5], dim=1)
        y = torch.cat([last, values, first * middle], 1)
        y = torch.where(y > 0, torch.log1p(y.abs()), torch.erf(y)) + torch.cumsum(y, 1)
        y = nn.functional.pad(y, (1, 2)) * torch.clamp(y.std(1, keepdim=True), 0.1, 2)
        return y.flip(1), places, torch.tril(y @ y.T), torch.einsum("ij,kj->ik", y, y), y.argmax(1)


class RMS(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.RMSNorm(16)
        self.gate = nn.Linear(16, 32)

    def forward(self, x):
        a, b = self.gate(self.norm(x)).chunk(2, -1)
        return x + nn.functional.silu(a) * b


def case(name, path, feeds, outputs, atol=1e-4):
    folder = FOLDER / name
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    model = onnx.load(path)
    onnx.save(model, folder / "model.onnx")
    for place, value in enumerate(model.graph.input):
        tensor = numpy_helper.from_array(feeds[value.name], value.name)
        (data / f"input_{place}.pb").write_bytes(tensor.SerializeToString())
    for place, value in enumerate(outputs):
        (data / f"output_{place}.pb").write_bytes(numpy_helper.from_array(value).SerializeToString())
    (folder / "data.json").write_text(json.dumps({"rtol": 1e-3, "atol": atol}))


def session(path, level, optimized=None):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    if optimized:
        options.optimized_model_filepath = str(optimized)
    options.log_severity_level = 4
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Reader(CalibrationDataReader):
    def __init__(self, feeds):
        self.rest = [feeds]

    def get_next(self):
        return self.rest.pop() if self.rest else None


def export(name, model, inputs):
    path = WORK / f"{name}.onnx"
    model.eval()
    torch.onnx.export(model, inputs, str(path), dynamo=True, verbose=False)
    names = [value.name for value in onnx.load(path).graph.input]
    return path, {key: value.numpy() for key, value in zip(names, inputs)}


def attempt(label, body):
    try:
        body()
    except Exception as error:
        print(f"left out {label}: {type(error).__name__} {str(error)[:150]}")


def variants(name, model, inputs):
    path, feeds = export(name, model, inputs)
    plain = session(path, ort.GraphOptimizationLevel.ORT_DISABLE_ALL).run(None, feeds)
    case(f"{name}_exported", path, feeds, plain)
    levels = ort.GraphOptimizationLevel
    for label, level in [("basic", levels.ORT_ENABLE_BASIC), ("extended", levels.ORT_ENABLE_EXTENDED)]:
        def optimize(label=label, level=level):
            target = WORK / f"{name}_{label}.onnx"
            session(path, level, target)
            case(f"{name}_{label}", target, feeds, plain)
        attempt(f"{name}_{label}", optimize)

    def transformer():
        from onnxruntime.transformers import optimizer
        target = WORK / f"{name}_transformer.onnx"
        optimizer.optimize_model(str(path), "bert", num_heads=4, hidden_size=32, opt_level=1).save_model_to_file(str(target))
        case(f"{name}_transformer", target, feeds, plain)
    attempt(f"{name}_transformer", transformer)

    def dynamic():
        target = WORK / f"{name}_dynamic.onnx"
        # Products of unsigned by signed bytes saturate in ONNX Runtime on processors without VNNI; those of unsigned ones
        # do not, but an LSTM has signed ones whatever is asked for. With 7 bits nothing saturates.
        quantize_dynamic(str(path), str(target), weight_type=QuantType.QUInt8, reduce_range=name == "recurrent")
        result = session(target, levels.ORT_DISABLE_ALL).run(None, feeds)
        case(f"{name}_dynamic", target, feeds, result, atol=4e-2)
        fused = WORK / f"{name}_dynamic_extended.onnx"
        session(target, levels.ORT_ENABLE_EXTENDED, fused)
        case(f"{name}_dynamic_extended", fused, feeds, result, atol=4e-2)
    attempt(f"{name}_dynamic", dynamic)

    def static():
        for label, form in [("qdq", QuantFormat.QDQ), ("qoperator", QuantFormat.QOperator)]:
            target = WORK / f"{name}_{label}.onnx"
            quantize_static(
                str(path), str(target), Reader(feeds), quant_format=form, activation_type=QuantType.QUInt8,
                weight_type=QuantType.QUInt8)
            result = session(target, levels.ORT_DISABLE_ALL).run(None, feeds)
            case(f"{name}_{label}", target, feeds, result, atol=4e-2)
            fused = WORK / f"{name}_{label}_extended.onnx"
            session(target, levels.ORT_ENABLE_EXTENDED, fused)
            case(f"{name}_{label}_extended", fused, feeds, result, atol=4e-2)
    attempt(f"{name}_static", static)


def node(name, operation, inputs, outputs=1, domain="com.microsoft", atol=1e-4, **attributes):
    """A model of one fused operator."""
    names = [f"i{place}" if value is not None else "" for place, value in enumerate(inputs)]
    results = [f"o{place}" for place in range(outputs)]
    made = helper.make_node(operation, names, results, domain=domain, **attributes)
    inputs = [value if value is None else np.asarray(value) for value in inputs]
    given = {key: value for key, value in zip(names, inputs) if value is not None}
    graph = helper.make_graph(
        [made], "g",
        [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for k, v in given.items()],
        [helper.make_value_info(r, onnx.TypeProto()) for r in results])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)], ir_version=8)
    path = WORK / f"{name}.onnx"

    def run():
        onnx.save(model, path)
        result = session(path, ort.GraphOptimizationLevel.ORT_DISABLE_ALL).run(None, given)
        # The types are known now.
        for value, found in zip(model.graph.output, result):
            value.CopyFrom(helper.make_tensor_value_info(
                value.name, helper.np_dtype_to_tensor_dtype(found.dtype), found.shape))
        onnx.save(model, path)
        case(f"node_{name}", path, given, result, atol)
    attempt(name, run)


def fused_nodes():
    random = np.random.default_rng(0)

    def f(*shape):
        return random.standard_normal(shape).astype(np.float32)

    x, w = f(2, 5, 16), f(16)
    node("gelu", "Gelu", [x])
    node("fast_gelu", "FastGelu", [x, w])
    node("bias_gelu", "BiasGelu", [x, w])
    node("quick_gelu", "QuickGelu", [x], alpha=1.5)
    node("skip_norm", "SkipLayerNormalization", [x, f(2, 5, 16), w, f(16), f(16)], epsilon=1e-5)
    node("skip_rms", "SkipSimplifiedLayerNormalization", [x, f(2, 5, 16), w, f(16)], epsilon=1e-5)
    node("rms", "SimplifiedLayerNormalization", [x, w], domain="", axis=-1)
    node("fused_matmul", "FusedMatMul", [f(2, 4, 3), f(2, 5, 3)], transB=1, alpha=0.5)
    node("fused_matmul_batch", "FusedMatMul", [f(3, 2, 4), f(2, 4, 5)], transBatchA=1)
    node("fused_gemm", "FusedGemm", [f(3, 4), f(4, 5), f(5)], activation="LeakyRelu", activation_alpha=0.2)
    node("fused_conv", "FusedConv", [f(1, 3, 6, 6), f(4, 3, 3, 3), f(4)], activation="Relu", pads=[1, 1, 1, 1])
    node("fused_conv_sum", "FusedConv", [f(1, 3, 6, 6), f(4, 3, 3, 3), f(4), f(1, 4, 6, 6)], activation="Relu",
         pads=[1, 1, 1, 1])
    node("bias_softmax", "BiasSoftmax", [f(2, 3, 4), f(1, 3, 4)], axis=2, is_inner_broadcast=0)
    node("attention", "Attention", [x, f(16, 48), f(48)], num_heads=4)
    node("attention_causal", "Attention", [x, f(16, 48), f(48)], num_heads=4, unidirectional=1)
    node("attention_mask", "Attention", [x, f(16, 48), f(48), np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)],
         num_heads=4)
    node("attention_past", "Attention", [x, f(16, 48), f(48), None, f(2, 2, 4, 3, 4)], outputs=2, num_heads=4)
    node("multi_head", "MultiHeadAttention", [x, f(2, 7, 16), f(2, 7, 16), f(48)], num_heads=4)
    node("multi_head_bias", "MultiHeadAttention", [x, f(2, 7, 16), f(2, 7, 16), None, None, f(1, 4, 5, 7)], num_heads=4)
    node("grouped", "GroupQueryAttention",
         [f(1, 3, 32), f(1, 3, 16), f(1, 3, 16), f(1, 2, 0, 8), f(1, 2, 0, 8), np.array([2], np.int32),
          np.array(3, np.int32)], outputs=3, num_heads=4, kv_num_heads=2)
    cosines, sines = np.cos(f(10, 2)), np.sin(f(10, 2))
    node("grouped_rotary", "GroupQueryAttention",
         [f(1, 3, 64), f(1, 3, 32), f(1, 3, 32), f(1, 2, 0, 16), f(1, 2, 0, 16), np.array([2], np.int32),
          np.array(3, np.int32), np.cos(f(10, 8)), np.sin(f(10, 8))], outputs=3, num_heads=4, kv_num_heads=2, do_rotary=1)
    node("rotary", "RotaryEmbedding", [f(2, 3, 16), np.array([[0, 1, 2], [4, 5, 6]]), cosines, sines], num_heads=4)
    node("rotary_start", "RotaryEmbedding", [f(2, 4, 3, 4), np.array([2]), cosines, sines], interleaved=1)
    node("embed_norm", "EmbedLayerNormalization",
         [random.integers(0, 9, (2, 4)).astype(np.int32), np.zeros((2, 4), np.int32), f(9, 16), f(6, 16), f(2, 16), w, f(16),
          np.ones((2, 4), np.int32)], outputs=2)
    node("n_bits", "MatMulNBits",
         [f(2, 32), random.integers(0, 255, (8, 2, 8)).astype(np.uint8), f(16), random.integers(0, 255, 8).astype(np.uint8)],
         K=32, N=8, bits=4, block_size=16, atol=1e-3)
    a = random.integers(0, 255, (2, 3, 4)).astype(np.uint8)
    s, z = np.array(0.05, np.float32), np.array(120, np.uint8)
    for name in ["QLinearAdd", "QLinearMul"]:
        node(name.lower(), name, [a, s, z, a[::-1].copy(), s * 2, z + 3, s * 3, z - 7], atol=1)
    node("qlinear_sigmoid", "QLinearSigmoid", [a, s, z, np.array(1 / 256, np.float32), np.array(0, np.uint8)], atol=1)
    node("qlinear_leaky", "QLinearLeakyRelu", [a, s, z, s, z], alpha=0.1, atol=1)
    node("qlinear_concat", "QLinearConcat", [s, z, a, s * 2, z, a, s, z + 1], axis=1, atol=1)
    image = random.integers(0, 255, (1, 2, 5, 5)).astype(np.uint8)
    node("qlinear_average", "QLinearAveragePool", [image, s, z, s, z], kernel_shape=[2, 2], atol=1)
    node("qlinear_global", "QLinearGlobalAveragePool", [image, s, z, s, z], channels_last=0, atol=1)
    node("dynamic_matmul", "DynamicQuantizeMatMul",
         [f(3, 4), random.integers(0, 255, (4, 5)).astype(np.uint8), np.array([0.02], np.float32), np.array([100], np.uint8),
          f(5)], atol=1e-3)
    node("integer_to_float", "MatMulIntegerToFloat",
         [a[0], random.integers(0, 255, (4, 5)).astype(np.uint8), s, s, z, z], atol=1e-3)
    node("qgemm", "QGemm",
         [a[0], s, z, random.integers(0, 255, (4, 5)).astype(np.uint8), s, z, None, s * 4, z], alpha=1.0, atol=1)


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    fused_nodes()
    tokens = torch.randint(0, 50, (2, 7))
    models = {
        "cnn": (Convolutions(), (torch.randn(2, 3, 16, 16),)),
        "encoder_gelu": (Encoder("gelu"), (tokens,)),
        "encoder_relu": (Encoder("relu"), (tokens,)),
        "decoder": (Decoder(), (torch.randn(2, 4, 32), torch.randn(2, 6, 32))),
        "recurrent": (Recurrent(), (torch.randn(2, 5, 6),)),
        "upsampling": (Upsampling(), (torch.randn(1, 4, 5, 6),)),
        "mixture": (Mixture(), (torch.randn(4, 8),)),
        "rms": (RMS(), (torch.randn(2, 3, 16),)),
    }
    for name, (model, inputs) in models.items():
        attempt(name, lambda: variants(name, model, inputs))


if __name__ == "__main__":
    main()
