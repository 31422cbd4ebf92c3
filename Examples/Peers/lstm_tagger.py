import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


# A layer of one's own: a long short-term memory.
class Memory(nn.Module):
    def __init__(self, input_count, width):
        super().__init__()
        self.gates = nn.Linear(input_count + width, 4 * width)
        self.width = width

    def forward(self, x):
        hidden = cell = x.new_zeros(x.shape[0], self.width)
        results = []
        for element in x.unbind(1):
            i, f, g, o = self.gates(torch.cat([element, hidden], 1)).chunk(4, 1)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
            results.append(hidden)
        return torch.stack(results, 1)


# Sequences of tokens, mostly 0; the tag of each is the last token before it, or itself, that is not 0.
def sequences(count, seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(-6, 5, (count, 20), generator=generator).clamp(min=0)
    places = torch.where(tokens > 0, torch.arange(20), 0).cummax(1).values
    return TensorDataset(tokens, tokens.gather(1, places))


torch.manual_seed(0)
training = sequences(2000, seed=1)
test = sequences(500, seed=2)
model = nn.Sequential(
    nn.Embedding(5, 16),
    Memory(16, 32),
    nn.Linear(32, 5),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(1, 6):
    for tokens, tags in DataLoader(training, batch_size=32, shuffle=True):
        loss = F.cross_entropy(model(tokens).flatten(0, 1), tags.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        tokens, tags = test.tensors
        accuracy = (model(tokens).argmax(-1) == tags).float().mean().item()
    print(f"epoch {epoch}: test accuracy {accuracy}")
