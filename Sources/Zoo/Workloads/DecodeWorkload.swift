import Martlet

/// 128 tokens, one after the other, each the most probable next one, with a key-value cache: `gpt124m`'s shape.
package struct DecodeWorkload: Workload {
  package let itemsPerStep = 128
  package var module: (any Module)? { model }
  let model: GPT
  let cache: GPTCache
  private let next: (Tensor) -> Tensor

  package init(_ configuration: GPTConfiguration = .gpt124M) throws {
    let model = GPT(configuration)
    let cache = GPTCache(configuration, capacity: min(128, configuration.context))
    self.model = model
    self.cache = cache
    next = compiled { token in
      model.nextLogits(after: token, cache: cache).argMax(axis: -1).reshaped(to: [1, 1])
    }
    for parameter in model.parameters { try parameter.tensor.evaluated() }
  }

  package func step() throws -> Double? {
    cache.reset()
    var token = Tensor([0], shape: [1, 1])
    for _ in 0..<min(itemsPerStep, cache.capacity) { token = next(token) }
    return token.scalar
  }
}
