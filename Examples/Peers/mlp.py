import math
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


# A layer of one's own: a linear map with ReLU.
class Hidden(nn.Module):
    def __init__(self, input_count, output_count):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(input_count, output_count) * math.sqrt(2 / input_count))
        self.bias = nn.Parameter(torch.zeros(output_count))

    def forward(self, x):
        return F.relu(x @ self.weight + self.bias)


# Points on three noisy spirals, and the number of their spiral.
def spirals(count, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (count,), generator=generator)
    radius = torch.rand(count, generator=generator) * 0.9 + 0.1
    noise = torch.randn(count, generator=generator) * 0.15
    angle = labels * (2 * math.pi / 3) + radius * 4 + noise
    points = torch.stack([radius * angle.sin(), radius * angle.cos()], 1)
    return TensorDataset(points, labels)


torch.manual_seed(0)
training = spirals(3000, seed=1)
test = spirals(1000, seed=100)
model = nn.Sequential(
    Hidden(2, 64),
    Hidden(64, 64),
    nn.Linear(64, 3),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(1, 11):
    for points, labels in DataLoader(training, batch_size=64, shuffle=True):
        loss = F.cross_entropy(model(points), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        points, labels = test.tensors
        accuracy = (model(points).argmax(1) == labels).float().mean().item()
    print(f"epoch {epoch}: test accuracy {accuracy}")
