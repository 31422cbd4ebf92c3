public import MartletGraph

/// Feed-forward networks of which each token passes through a few, chosen by a router.
///
/// Every expert has room for `capacityFactor` times its even share of the tokens; the first choices of all tokens take
/// their places before the second ones, in the order of the tokens, and a token that finds no room passes through nothing
/// there. The number of tokens an expert sees is fixed, so that a step is one program.
///
/// - Note: Shazeer et al., *Outrageously large neural networks*, ICLR 2017; Lepikhin et al., *GShard*, ICLR 2021; Fedus,
///   Zoph and Shazeer, *Switch Transformers*, JMLR 23 (2022).
public struct MixtureOfExperts: Layer {
  /// Maps a token to a logit for each expert.
  public let router: Dense
  /// `[experts, width, inner]`, `[experts, 1, inner]`, `[experts, inner, width]` and `[experts, 1, width]`.
  public let expand, expandBias, contract, contractBias: Parameter
  public let expertCount, choiceCount: Int
  public let capacityFactor: Double
  public let activation: Activation
  /// Whether the weights of a token's choices add up to 1.
  public let isNormalized: Bool

  /// - Parameters:
  ///   - width: The size of the last dimension.
  ///   - expertCount: The number of networks.
  ///   - choiceCount: How many of them each token passes through.
  ///   - capacityFactor: The room of an expert over its even share of all choices.
  ///   - seed: Determines the initial weights; see ``withSeed(_:_:)``.
  public init(
    _ width: Int, expertCount: Int, choiceCount: Int = 2, expansion: Int = 4, capacityFactor: Double = 1.25,
    activation: Activation = .gelu, isNormalized: Bool = true, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    if expertCount < 1 || choiceCount < 1 || choiceCount > expertCount || !(capacityFactor > 0) {
      let message = "\(choiceCount) of \(expertCount) experts with a capacity factor of \(capacityFactor)"
      _ = stop(GraphError("MixtureOfExperts", message), at: SourceLocation(fileID, line))
    }
    let inner = width * expansion
    (router, expand, contract) = withSeed(seed) {
      (
        Dense(width, expertCount, hasBias: false, initializer: initializer, dtype: dtype),
        initializer.experts(expertCount, width, inner, dtype), initializer.experts(expertCount, inner, width, dtype)
      )
    }
    expandBias = Parameter(.zeros([expertCount, 1, inner], dtype: dtype))
    contractBias = Parameter(.zeros([expertCount, 1, width], dtype: dtype))
    (self.expertCount, self.choiceCount, self.capacityFactor) = (expertCount, choiceCount, capacityFactor)
    (self.activation, self.isNormalized) = (activation, isNormalized)
  }

  /// - Parameter x: `[..., width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { withLosses(x).output }

  /// The values, and what to add to the loss so that experts are used alike and logits stay small.
  ///
  /// - Returns: The output, the shape of `x`; the balance loss, experts · ∑ share of first choices · mean probability,
  ///   which is 1 when all are used alike (add about 0.01 times it); and the mean square of the logarithm of the sum of
  ///   exponentials of the logits (add about 0.001 times it).
  public func withLosses(_ x: Tensor) -> (output: Tensor, balanceLoss: Tensor, logitLoss: Tensor) {
    let width = x.shape.last ?? 1
    let tokens = x.reshaped(to: [-1, width])
    let logits = router(tokens)
    let logits32 = logits.cast(to: logits.dtype.wide)
    let probabilities = logits32.softmax()
    let (weights, choices) = probabilities.topK(choiceCount)
    let own = isNormalized ? weights / weights.sum(axes: 1, keepingAxes: true) : weights
    let output = mixed(tokens, own.cast(to: x.dtype), choices)
    let first = choices[.all, 0].oneHot(depth: expertCount, dtype: probabilities.dtype).mean(axes: 0)
    let balance = (first * probabilities.mean(axes: 0)).sum() * Double(expertCount)
    let size = logits32.logSumExp(axes: 1)
    return (output.reshaped(to: x.shape), balance, (size * size).mean())
  }

  /// The number of tokens that each expert has room for.
  public func capacity(tokenCount: Int) -> Int {
    let share = Double(tokenCount * choiceCount) / Double(expertCount)
    return max(Int((share * capacityFactor).rounded(.up)), 1)
  }

  private func mixed(_ tokens: Tensor, _ weights: Tensor, _ choices: Tensor) -> Tensor {
    let (count, width) = (tokens.shape[0], tokens.shape[1])
    let capacity = capacity(tokenCount: count)
    // All first choices, then all second ones: the order in which places are taken, [choices · tokens].
    let order = choices.transposed().flattened()
    let isChosen = order.oneHot(depth: expertCount, dtype: .int64)
    let place = (isChosen.cumulativeSum(axis: 0) * isChosen).sum(axes: 1) - 1
    // Those without a place share a row of their own at the end.
    let rows = expertCount * capacity
    let slot = select(place .< Double(capacity), order * Double(capacity) + place, Double(rows))
    let repeated = Tensor(concatenating: Array(repeating: tokens, count: choiceCount), axis: 0)
    let empty = Tensor.zeros([rows + 1, width], dtype: tokens.dtype)
    let dispatched = empty.scattering(repeated, at: slot)[0..<rows].reshaped(to: [expertCount, capacity, width])
    let inner = activation(matmul(dispatched, expand.tensor) + expandBias.tensor)
    let results = (matmul(inner, contract.tensor) + contractBias.tensor).reshaped(to: [rows, width])
    let none = Tensor.zeros([1, width], dtype: tokens.dtype)
    let found = Tensor(concatenating: [results, none], axis: 0).gathered(at: slot)
    let share = weights.transposed().flattened().expandingDimensions(at: 1)
    return (found * share).reshaped(to: [choiceCount, count, width]).sum(axes: 0)
  }
}

extension Initializer {
  /// The weights of several experts, each chosen as one by itself would be.
  fileprivate func experts(_ count: Int, _ inputs: Int, _ outputs: Int, _ dtype: DType) -> Parameter {
    Parameter(Tensor(stacking: (0..<count).map { _ in parameter([inputs, outputs], dtype: dtype).tensor }))
  }
}
