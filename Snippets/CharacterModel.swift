// A small GPT over characters, complete with data and loop.

// snippet.gpt
import Martlet
import MartletData
import MartletZoo

let (novel, _) = try TextSamples.load()
let characters = Array(Set(novel)).sorted()
let numbers = Dictionary(uniqueKeysWithValues: zip(characters, 0...))
let tokens = Tensor(novel.map { numbers[$0]! })

struct CharacterModel: Layer {
  let token: Embedding, position: Embedding
  let blocks: Sequential
  let norm: LayerNorm
  let head: Dense

  init(vocabulary: Int, context: Int, width: Int) {
    token = Embedding(vocabulary, width)
    position = Embedding(context, width)
    blocks = Sequential((0..<4).map { _ in TransformerBlock(width, headCount: 4, isCausal: true) })
    norm = LayerNorm(width)
    head = Dense(width, vocabulary)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    head(norm(blocks(token(x) + position(Tensor.range(0..<x.shape[1])))))
  }
}

let model = CharacterModel(vocabulary: characters.count, context: 64, width: 128)
let optimizer = AdamW(model.parameters, learningRate: 1e-3)
var generator = RandomGenerator(seed: 1)
for step in 0..<2000 {
  let starts = Tensor.randomIntegers([12, 1], in: 0..<(tokens.elementCount - 65), using: &generator)
  let windows = tokens[starts + Tensor.range(0..<65)]
  let (loss, gradients) = valueAndGradient {
    softmaxCrossEntropy(model(windows[.all, ..<64]), labels: windows[.all, 1...])
  }
  optimizer.update(with: gradients)
  if step % 100 == 0 { print("step \(step): loss \(loss)") }
}
// snippet.end
