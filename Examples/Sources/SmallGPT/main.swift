import Martlet
import MartletData

let (width, headCount, context, layerCount) = (64, 4, 32, 2)

// A layer of one's own: attention and a feed-forward network, each added to its input.
struct Block: Layer {
  let attentionNorm = LayerNorm(width)
  let feedForwardNorm = LayerNorm(width)
  let queryKeyValue = Dense(width, 3 * width)
  let project = Dense(width, width)
  let expand = Dense(width, 4 * width)
  let contract = Dense(4 * width, width)

  func callAsFunction(_ x: Tensor) -> Tensor {
    let parts = queryKeyValue(attentionNorm(x)).unflattened(axis: -1, to: [3, headCount, -1]).unstacked(axis: 2)
    let y = attention(parts[0], parts[1], parts[2], isCausal: true)
    let middle = x + project(y.flattened(from: 2))
    return middle + contract(gelu(expand(feedForwardNorm(middle))))
  }
}

struct SmallGPT: Layer {
  let token: Embedding
  let position = Embedding(context, width, initializer: .normal(standardDeviation: 0.02))
  let blocks = (0..<layerCount).map { _ in Block() }
  let norm = LayerNorm(width)

  init(vocabulary: Int) { token = Embedding(vocabulary, width, initializer: .normal(standardDeviation: 0.02)) }

  func callAsFunction(_ tokens: Tensor) -> Tensor {
    let x = token(tokens) + position.weight.tensor[0..<tokens.shape[1]]
    return token.logits(norm(blocks.reduce(x) { $1($0) }))
  }
}

// Sums such as "47+38=85;", one behind the other.
var random = SystemRandomNumberGenerator()
let text = (0..<20_000).map { _ in
  let (a, b) = (Int.random(in: 0..<50, using: &random), Int.random(in: 0..<50, using: &random))
  return "\(a)+\(b)=\(a + b);"
}.joined()
let vocabulary = CharacterVocabulary(of: text)
let windows = try TextWindows(tokens: try vocabulary.encode(text), length: context, batchSize: 64, seed: 1)
let model = SmallGPT(vocabulary: vocabulary.vocabularySize)
let optimizer = AdamW(model.parameters, learningRate: 3e-3)

for step in 0..<300 {
  let batch = windows.batch(step: step)
  let (loss, gradients) = valueAndGradient { softmaxCrossEntropy(model(batch.inputs), labels: batch.labels) }
  optimizer.update(with: gradients)
  if step % 100 == 99 { print("step \(step + 1): loss \(loss.scalar)") }
}

var tokens = try vocabulary.encode("1+1=2;12+30=")
while tokens.count < context, vocabulary.scalars[Int(tokens.last!)] != ";" {
  let logits = model(Tensor(tokens, shape: [1, tokens.count]))[0, tokens.count - 1]
  tokens.append(Int32(logits.argMax().scalar))
}
print(try vocabulary.decode(tokens))
