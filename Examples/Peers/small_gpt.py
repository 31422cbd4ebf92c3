import random
import torch
from torch import nn
from torch.nn import functional as F

width, head_count, context, layer_count = 64, 4, 32, 2


# A layer of one's own: attention and a feed-forward network, each added to its input.
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.expand = nn.Linear(width, 4 * width)
        self.contract = nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, _ = x.shape
        parts = self.query_key_value(self.attention_norm(x)).view(batch, length, 3, head_count, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.project(y.transpose(1, 2).flatten(2))
        return x + self.contract(F.gelu(self.expand(self.feed_forward_norm(x))))


class SmallGPT(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(context, width)
        self.blocks = nn.Sequential(*[Block() for _ in range(layer_count)])
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.token.weight, std=0.02)
        nn.init.normal_(self.position.weight, std=0.02)

    def forward(self, tokens):
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        return self.norm(self.blocks(x)) @ self.token.weight.T


# Sums such as "47+38=85;", one behind the other.
text = ""
for _ in range(20_000):
    a, b = random.randrange(50), random.randrange(50)
    text += f"{a}+{b}={a + b};"
vocabulary = sorted(set(text))
encode = lambda text: [vocabulary.index(character) for character in text]
tokens = torch.tensor(encode(text))
model = SmallGPT(len(vocabulary))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

for step in range(300):
    starts = torch.randint(len(tokens) - context, (64, 1))
    places = starts + torch.arange(context)
    logits = model(tokens[places])
    loss = F.cross_entropy(logits.flatten(0, 1), tokens[places + 1].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        print(f"step {step + 1}: loss {loss.item()}")

said = encode("1+1=2;12+30=")
while len(said) < context and vocabulary[said[-1]] != ";":
    with torch.no_grad():
        said.append(model(torch.tensor([said]))[0, -1].argmax().item())
print("".join(vocabulary[token] for token in said))
