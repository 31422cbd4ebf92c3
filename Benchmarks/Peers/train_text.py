#!/usr/bin/env python3
"""PyTorch's twin of Martlet's text job: a character-level GPT of nanoGPT's CPU setting on a novel.

    python train_text.py --train pride_and_prejudice.txt --held-out persuasion.txt [--seeds 3] [--steps 2000]

Vocabulary: the sorted characters of the training text (75, line feed included). Characters of the held-out text that
are not in it (8 of 466,854: '&' and 'Q') are left out of it before anything else.
Model, 4 layers, 4 heads, width 128, context 64, no dropout, no bias anywhere: token + learned position embedding;
a layer is x + project(attention(norm(x))) and then x + down(gelu(up(norm(x)))), norm = layer norm with a scale and no
shift (epsilon 1e-5), one fused query-key-value matrix [128, 384] (query first), causal attention scaled by
1/sqrt(32), the feed-forward width is 512, GELU by the error function; a last norm; the head is the token embedding.
Initial values: all matrices and both embeddings normal(0, 0.02), but the two that write to the residual stream
(attention's projection and the feed-forward's second) normal(0, 0.02 / sqrt(2 * 4)); norm scales one.
Batches: 12 windows of 64 characters, starts uniform in 0..<(length - 64), targets shifted by one; mean cross-entropy.
Optimiser: AdamW, beta 0.9 and 0.99, epsilon 1e-8, weight decay 0.1 on matrices and embeddings, 0 on norm scales,
decoupled (p -= rate * 0.1 * p). Gradients' global norm clipped to 1. Step i (from 0) of n uses the rate
1e-3 * (i + 1) / 101 below 100, then 1e-4 + (1e-3 - 1e-4) * (1 + cos(pi * (i - 100) / (n - 100))) / 2.
Held-out loss: all of the held-out text, in consecutive windows that do not overlap (window w predicts characters
64 w + 1 ... 64 w + 64 from the 64 before), the last incomplete window left out; mean in nats a character.
Time: median of the steps after the first ten, each ended by reading the loss.
"""

import argparse, json, math, statistics, time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, CONTEXT, BATCH = 4, 4, 128, 64, 12


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return F.layer_norm(x, (WIDTH,), self.weight, None, 1e-5)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = Norm(), Norm()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.project = nn.Linear(WIDTH, WIDTH, bias=False)
        self.up = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.down = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x):
        b, length, _ = x.shape
        q, k, v = (
            t.view(b, length, HEADS, WIDTH // HEADS).transpose(1, 2) for t in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project(y.transpose(1, 2).reshape(b, length, WIDTH))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    def __init__(self, vocabulary, generator):
        super().__init__()
        self.token = nn.Embedding(vocabulary, WIDTH)
        self.position = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = Norm()
        for name, p in self.named_parameters():
            if p.dim() < 2:
                continue
            residual = name.endswith(("project.weight", "down.weight"))
            nn.init.normal_(p, std=0.02 / math.sqrt(2 * LAYERS) if residual else 0.02, generator=generator)

    def forward(self, tokens):
        x = self.token(tokens) + self.position.weight
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.token.weight.T


def encoded(text, vocabulary):
    index = {c: i for i, c in enumerate(vocabulary)}
    return torch.tensor([index[c] for c in text if c in index])


def rate(step, steps):
    if step < 100:
        return 1e-3 * (step + 1) / 101
    return 1e-4 + 0.5 * (1e-3 - 1e-4) * (1 + math.cos(math.pi * (step - 100) / (steps - 100)))


def cross_entropy(net, x, y):
    logits = net(x)
    return F.cross_entropy(logits.view(-1, logits.shape[-1]), y.reshape(-1))


@torch.inference_mode()
def held_out_loss(net, tokens):
    windows = (len(tokens) - 1) // CONTEXT
    x = tokens[: windows * CONTEXT].view(windows, CONTEXT)
    y = tokens[1 : windows * CONTEXT + 1].view(windows, CONTEXT)
    total = sum(
        cross_entropy(net, x[i : i + 64], y[i : i + 64]).item() * len(x[i : i + 64]) for i in range(0, windows, 64)
    )
    return total / windows


def run(seed, arguments, tokens, vocabulary):
    generator = torch.Generator().manual_seed(seed)
    net = GPT(len(vocabulary), generator)
    step_net = torch.compile(net) if arguments.compile else net
    groups = [
        dict(params=[p for p in net.parameters() if p.dim() >= 2], weight_decay=0.1),
        dict(params=[p for p in net.parameters() if p.dim() < 2], weight_decay=0.0),
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), eps=1e-8)
    window, times = torch.arange(CONTEXT), []
    for step in range(arguments.steps):
        begin = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = rate(step, arguments.steps)
        starts = torch.randint(len(tokens) - CONTEXT, (BATCH, 1), generator=generator)
        loss = cross_entropy(step_net, tokens[starts + window], tokens[starts + window + 1])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        loss.item()
        times.append(time.perf_counter() - begin)
    return net, times, loss.item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--train", required=True)
    p.add_argument("--held-out", required=True)
    p.add_argument("--seeds", type=int, default=3)
    p.add_argument("--steps", type=int, default=2000)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--compile", action="store_true", help="torch.compile the model")
    arguments = p.parse_args()
    torch.set_num_threads(arguments.threads)
    with open(arguments.train) as file:
        text = file.read()
    vocabulary = sorted(set(text))
    tokens = encoded(text, vocabulary)
    with open(arguments.held_out) as file:
        held_out = encoded(file.read(), vocabulary)
    losses, medians = [], []
    for seed in range(arguments.seeds):
        net, times, last = run(seed, arguments, tokens, vocabulary)
        losses.append(held_out_loss(net, held_out))
        medians.append(statistics.median(times[10:]) * 1e3)
        print(
            json.dumps(
                dict(
                    seed=seed,
                    held_out=round(losses[-1], 4),
                    last_training=round(last, 4),
                    ms_per_step=round(medians[-1], 3),
                    first_s=round(times[0], 3),
                    total_s=round(sum(times), 2),
                )
            ),
            flush=True,
        )
    print(
        json.dumps(
            dict(
                framework="torch-compile" if arguments.compile else "torch",
                version=torch.__version__,
                job="text",
                steps=arguments.steps,
                threads=arguments.threads,
                vocabulary=len(vocabulary),
                parameters=sum(p.numel() for p in net.parameters()),
                held_out_characters=len(held_out),
                held_out_mean=round(statistics.mean(losses), 4),
                held_out_max=round(max(losses), 4),
                ms_per_step=round(statistics.median(medians), 3),
            )
        )
    )


if __name__ == "__main__":
    main()
