#!/usr/bin/env python3
"""Writes small random models in the layouts of Hugging Face and torchvision, with what PyTorch computes from them.

Usage: make_pretrained_fixtures.py OUTPUT-FOLDER    (needs torch, torchvision, transformers, safetensors, gguf)

Each model is as published ones are, but tiny: the configuration, the weights, and expected.safetensors with inputs and
outputs, in float32. Weights are large enough that no part of a model could be left out unnoticed.
"""

import json
import pathlib
import sys

import torch
import torchvision
import transformers
from safetensors.torch import save_file


def randomize(model, seed):
    """Ordinary numbers for every parameter and running statistic."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not tensor.is_floating_point():
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.copy_(1 + 0.3 * noise.abs())
            elif tensor.dim() < 2 and name.endswith("weight"):
                tensor.copy_(1 + 0.2 * noise)
            elif tensor.dim() < 2:
                tensor.copy_(0.2 * noise)
            else:
                fan = tensor[0].numel() if tensor.dim() > 2 else min(tensor.shape)
                tensor.copy_(noise * 0.9 / fan**0.5)
    return model.eval()


def save(folder, **tensors):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "expected.safetensors")


def tokens(batch, length, vocabulary, seed):
    return torch.randint(0, vocabulary, (batch, length), generator=torch.Generator().manual_seed(seed))


def decoder(folder, model, shard_size=None):
    """A causal language model: logits of two sequences, and what it says after one without chance."""
    folder.mkdir()
    model = randomize(model, seed=3)
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    if shard_size:
        model.save_pretrained(folder, max_shard_size=shard_size)
    else:
        model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    ids = tokens(2, 12, model.config.vocab_size, seed=5)
    with torch.no_grad():
        logits = model(ids).logits
        said = model.generate(
            ids[:1], attention_mask=torch.ones_like(ids[:1]), do_sample=False, max_new_tokens=8, min_new_tokens=8)
    save(folder, tokens=ids, logits=logits, said=said[0, 12:])
    return model


def gpt2(folder):
    config = transformers.GPT2Config(
        vocab_size=61, n_positions=24, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
    model = decoder(folder / "gpt2", transformers.GPT2LMHeadModel(config))
    # As the oldest files have it: no prefix, and the masks of attention among the weights.
    plain = folder / "gpt2-plain"
    plain.mkdir()
    state = {name.removeprefix("transformer."): tensor for name, tensor in model.state_dict().items()}
    del state["lm_head.weight"]
    for layer in range(2):
        state[f"h.{layer}.attn.bias"] = torch.ones(1, 1, 24, 24, dtype=torch.uint8).tril()
        state[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    torch.save(state, plain / "pytorch_model.bin")
    for name in ["config.json", "expected.safetensors"]:
        (plain / name).write_bytes((folder / "gpt2" / name).read_bytes())


def llama_config(kind=transformers.LlamaConfig, **more):
    sizes = dict(
        vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=0, eos_token_id=0,
        pad_token_id=0)
    return kind(**(sizes | more))


def llamas(folder):
    def rope(kind, **more):
        return dict(rope_type=kind, rope_theta=100.0, **more)

    llama3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
    model = transformers.LlamaForCausalLM(llama_config(rope_parameters=llama3))
    decoder(folder / "llama3", model, shard_size="20KB")
    gguf_file(folder / "llama3", model)
    yarn = rope("yarn", factor=4.0, original_max_position_embeddings=16)
    linear = rope("linear", factor=2.0)
    for name, scaling in [("llama-yarn", yarn), ("llama-linear", linear)]:
        config = llama_config(rope_parameters=scaling, num_hidden_layers=1, attention_bias=True)
        decoder(folder / name, transformers.LlamaForCausalLM(config))
    decoder(folder / "qwen2", transformers.Qwen2ForCausalLM(
        llama_config(transformers.Qwen2Config, tie_word_embeddings=True)))
    decoder(folder / "qwen3", transformers.Qwen3ForCausalLM(
        llama_config(transformers.Qwen3Config, head_dim=12, tie_word_embeddings=False)))


def gguf_file(folder, model):
    """The same model as llama.cpp names it: rows of queries and keys in pairs, and the divisors of rotary speeds."""
    import gguf
    config, state = model.config, model.state_dict()
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(100.0)

    def paired(weight, heads):
        return weight.reshape(heads, 2, weight.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)

    plain = 100.0 ** (-torch.arange(4) / 4)
    scaled, _ = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    writer.add_tensor("rope_freqs.weight", (plain / scaled).float().numpy())
    names = gguf.TensorNameMap(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in state.items():
        if "q_proj" in name:
            tensor = paired(tensor, config.num_attention_heads)
        if "k_proj" in name:
            tensor = paired(tensor, config.num_key_value_heads)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def bert(folder):
    config = transformers.BertConfig(
        vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=24)
    model = randomize(transformers.BertModel(config), seed=3)
    model.save_pretrained(folder / "bert")
    ids, kinds = tokens(2, 12, 61, seed=5), tokens(2, 12, 2, seed=6)
    mask = torch.ones(2, 12, dtype=torch.int64)
    mask[1, 7:] = 0
    with torch.no_grad():
        result = model(ids, attention_mask=mask, token_type_ids=kinds)
    save(folder / "bert", tokens=ids, segments=kinds, mask=mask.bool(), vectors=result.last_hidden_state,
         pooled=result.pooler_output)


def pictures(size, seed):
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


def vision(folder, name, model, sizes):
    """A classifier of torchvision: model.pth and the logits of pictures, which are stored height by width by channels."""
    folder = folder / name
    folder.mkdir()
    model = randomize(model, seed=3)
    torch.save(model.state_dict(), folder / "model.pth")
    expected = {}
    for size in sizes:
        images = pictures(size, seed=size)
        with torch.no_grad():
            expected[f"logits{size}"] = model(images)
        expected[f"images{size}"] = images.permute(0, 2, 3, 1)
    save(folder, **expected)


def vit(folder):
    config = transformers.ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=16, patch_size=8,
        num_labels=5)
    model = randomize(transformers.ViTForImageClassification(config), seed=3)
    model.save_pretrained(folder / "vit")
    with torch.no_grad():
        save(folder / "vit", images16=pictures(16, 16).permute(0, 2, 3, 1), logits16=model(pictures(16, 16)).logits)
    vision(folder, "vit-torchvision", torchvision.models.VisionTransformer(
        image_size=16, patch_size=8, num_layers=2, num_heads=4, hidden_dim=32, mlp_dim=64, num_classes=5), [16])


class SmallResNet(torchvision.models.ResNet):
    """A sixteenth of the channels."""

    @property
    def inplanes(self):
        return self._channels

    @inplanes.setter
    def inplanes(self, channels):
        self._channels = channels if hasattr(self, "_channels") else channels // 16

    def _make_layer(self, block, planes, *arguments, **more):
        return super()._make_layer(block, planes // 16, *arguments, **more)

    def __init__(self, block, counts):
        super().__init__(block, counts)
        self.fc = torch.nn.Linear(32 * block.expansion, 5)


def cnns(folder):
    from torchvision.models.resnet import BasicBlock, Bottleneck
    vision(folder, "resnet-basic", SmallResNet(BasicBlock, [1, 2, 1, 1]), [40])
    vision(folder, "resnet-bottleneck", SmallResNet(Bottleneck, [2, 1, 2, 1]), [40])
    features = torchvision.models.vgg.make_layers([4, "M", 8, 8, "M"])
    vgg = torchvision.models.VGG(features, num_classes=5)
    vgg.classifier = torch.nn.Sequential(
        torch.nn.Linear(8 * 49, 12), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(12, 12), torch.nn.ReLU(),
        torch.nn.Dropout(), torch.nn.Linear(12, 5))
    vision(folder, "vgg", vgg, [28, 40])
    vision(folder, "mobilenet-v2", torchvision.models.MobileNetV2(
        num_classes=5, width_mult=0.25, inverted_residual_setting=[[1, 32, 1, 1], [6, 64, 2, 2]]), [32])


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True)
    gpt2(folder)
    llamas(folder)
    bert(folder)
    vit(folder)
    cnns(folder)
    for config in folder.glob("*/config.json"):
        content = json.loads(config.read_text())
        content.pop("_name_or_path", None)
        config.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
