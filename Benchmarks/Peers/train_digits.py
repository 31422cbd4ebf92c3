#!/usr/bin/env python3
"""PyTorch's twin of Martlet's digits job: the same data, model, recipe and initial distribution.

    python train_digits.py --image digits.png [--epochs 30] [--seeds 5] [--augment full|shift|none] [--validate]

Data: OpenCV's digits.png (2000 x 1000 pixels, 20 x 20 a digit, 50 rows x 100 columns, 5 rows a class). The left 50
columns train (2,500 images), the right 50 test (2,500). Pixels are divided by 255; nothing else. --validate trains on
columns 0-39 and scores columns 40-49 instead, so that a recipe can be chosen without looking at the test half.
Model: conv 3x3x32 same, ReLU, max-pool 2, conv 3x3x64 same, ReLU, max-pool 2, dense 128, ReLU, dense 10.
Initial values: each weight normal(0, sqrt(2 / fan in)), the last layer normal(0, sqrt(1 / fan in)), biases zero.
Batches: a new permutation each epoch, cut into 39 batches of 64; the last 4 images of the permutation rest.
Augmentation (one draw an image a step): angle uniform in +-10 degrees, scale uniform in 0.9...1.1, shift uniform
in +-1.5 pixels on each axis (real numbers); bilinear, zero outside. Output pixel (x, y), counted from the centre of the
image (so that its first pixel is at -9.5), reads the input at
    scale * (cos a * x - sin a * y) + dx,   scale * (sin a * x + cos a * y) + dy.
Loss: mean softmax cross-entropy with label smoothing 0.1 (targets 0.91 and 0.01).
Optimiser: Adam, beta 0.9 and 0.999, epsilon 1e-8, learning rate 2e-3 times (1 + cos(pi * step / steps)) / 2.
Time: from the first step to the last, without loading and without the test.
"""

import argparse, json, math, statistics, time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image


def load(path, split, end):
    """Images [n, 1, 20, 20] in 0...1 and labels, of the columns before `split` and of those from there to `end`."""
    pixels = np.asarray(Image.open(path).convert("L"), dtype=np.float32) / 255
    cells = pixels.reshape(50, 20, 100, 20).transpose(0, 2, 1, 3)
    digits = np.arange(50) // 5
    parts = (cells[:, :split], cells[:, split:end])
    return [
        (torch.from_numpy(part.reshape(-1, 1, 20, 20).copy()), torch.from_numpy(np.repeat(digits, part.shape[1])))
        for part in parts
    ]


def model(generator):
    layers = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1600, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    for layer in layers:
        if not isinstance(layer, (nn.Conv2d, nn.Linear)):
            continue
        fan_in = layer.weight[0].numel()
        gain = 1 if layer is layers[-1] else 2
        nn.init.normal_(layer.weight, std=math.sqrt(gain / fan_in), generator=generator)
        nn.init.zeros_(layer.bias)
    return layers


def augmented(images, kind, shift, generator):
    if kind == "none":
        return images
    n = len(images)
    uniform = lambda low, high: torch.rand(n, generator=generator) * (high - low) + low
    angle, scale = torch.zeros(n), torch.ones(n)
    if kind == "full":
        angle, scale = uniform(-math.pi / 18, math.pi / 18), uniform(0.9, 1.1)
    dx, dy = uniform(-shift, shift), uniform(-shift, shift)
    c, s = scale * torch.cos(angle), scale * torch.sin(angle)
    # In grid_sample's coordinates the image spans -1...1, so a pixel is 2 / 20.
    theta = torch.stack([c, -s, dx / 10, s, c, dy / 10], 1).view(n, 2, 3)
    grid = F.affine_grid(theta, images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def accuracy(net, images, labels):
    net.eval()
    with torch.inference_mode():
        return (net(images).argmax(1) == labels).float().mean().item()


def run(seed, arguments, training, test):
    generator = torch.Generator().manual_seed(seed)
    net = model(generator)
    if arguments.layout == "last":
        net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), lr=arguments.rate)
    images, labels = training
    batches = len(images) // arguments.batch
    steps, step = arguments.epochs * batches, 0
    net.train()
    begin = time.perf_counter()
    for _ in range(arguments.epochs):
        order = torch.randperm(len(images), generator=generator)
        for b in range(batches):
            rows = order[b * arguments.batch : (b + 1) * arguments.batch]
            for group in optimizer.param_groups:
                group["lr"] = arguments.rate * (1 + math.cos(math.pi * step / steps)) / 2
            x = augmented(images[rows], arguments.augment, arguments.shift, generator)
            loss = F.cross_entropy(net(x), labels[rows], label_smoothing=arguments.smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            step += 1
    return time.perf_counter() - begin, accuracy(net, *test), steps, loss.item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--image", required=True)
    p.add_argument("--epochs", type=int, default=30)
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--smoothing", type=float, default=0.1)
    p.add_argument("--shift", type=float, default=1.5)
    p.add_argument("--validate", action="store_true")
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--augment", choices=["full", "shift", "none"], default="full")
    p.add_argument("--layout", choices=["first", "last"], default="first", help="memory layout of the convolutions")
    arguments = p.parse_args()
    torch.set_num_threads(arguments.threads)
    training, test = load(arguments.image, 40 if arguments.validate else 50, 50 if arguments.validate else 100)
    seconds, scores = [], []
    for seed in range(arguments.seeds):
        took, score, steps, loss = run(seed, arguments, training, test)
        seconds.append(took), scores.append(score)
        print(
            json.dumps(
                dict(
                    seed=seed,
                    accuracy=round(score, 4),
                    seconds=round(took, 2),
                    loss=round(loss, 5),
                    ms_per_step=round(took / steps * 1e3, 3),
                )
            ),
            flush=True,
        )
    print(
        json.dumps(
            dict(
                framework="torch",
                version=torch.__version__,
                job="digits",
                epochs=arguments.epochs,
                augment=arguments.augment,
                rate=arguments.rate,
                smoothing=arguments.smoothing,
                shift=arguments.shift,
                validate=arguments.validate,
                layout=arguments.layout,
                threads=arguments.threads,
                accuracy_mean=round(statistics.mean(scores), 4),
                accuracy_min=round(min(scores), 4),
                seconds_median=round(statistics.median(seconds), 2),
                seconds_min=round(min(seconds), 2),
            )
        )
    )


if __name__ == "__main__":
    main()
