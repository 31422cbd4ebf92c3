public import MartletGraph

/// A long short-term memory over a sequence.
///
/// Gates stand in the order *i* (input), *f* (forget), *g* (candidate), *o* (output), as in PyTorch and Keras:
/// *c*′ = *f c* + *i g* and *h*′ = *o* tanh *c*′, where *i*, *f*, *o* are sigmoids and *g* a hyperbolic tangent of
/// `x · inputWeight + h · hiddenWeight + bias`. PyTorch's two biases are one here: their sum.
///
/// - Note: Hochreiter and Schmidhuber, *Neural Computation* 9 (1997); Gers et al., *Neural Computation* 12 (2000).
public struct LSTM: RecurrentLayer {
  /// `[in, 4 · width]`.
  public let inputWeight: Parameter
  /// `[width, 4 · width]`.
  public let hiddenWeight: Parameter
  /// `[4 · width]`.
  public let bias: Parameter
  public let width: Int
  /// Whether the sequence is read from its end; results keep its order.
  public let isReversed: Bool

  /// - Parameters:
  ///   - inputCount: The size of each element of the sequence.
  ///   - width: The size of the hidden state.
  ///   - initializer: For the input's weight; the hidden one's is `lecunUniform`. The forget gate's bias begins at 1.
  public init(
    _ inputCount: Int, _ width: Int, isReversed: Bool = false, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil
  ) {
    (inputWeight, hiddenWeight) = withSeed(seed) {
      (
        initializer.parameter([inputCount, 4 * width], dtype: dtype),
        Initializer.lecunUniform.parameter([width, 4 * width], dtype: dtype)
      )
    }
    let zeros = Tensor.zeros([width], dtype: dtype)
    bias = Parameter(Tensor(concatenating: [zeros, .ones([width], dtype: dtype), zeros, zeros], axis: 0))
    (self.width, self.isReversed) = (width, isReversed)
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: The hidden states, `[batch, length, width]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, initial: nil).sequence }

  /// - Parameters:
  ///   - x: `[batch, length, in]`.
  ///   - initial: Hidden state and cell, `[batch, width]` each; zeros if nil.
  ///   - lengths: How much of each sequence counts, `[batch]` of integers in `0...length`: beyond it states stand still
  ///     and results are zero, and a reversed layer begins at its end. All of it if nil.
  /// - Returns: The hidden states `[batch, length, width]`, and the last hidden state and cell.
  public func callAsFunction(
    _ x: Tensor, initial: (hidden: Tensor, cell: Tensor)?, lengths: Tensor? = nil
  ) -> (sequence: Tensor, last: (hidden: Tensor, cell: Tensor)) {
    let zeros = Tensor.zeros([x.shape[0], width], dtype: x.dtype)
    let start = initial ?? (zeros, zeros)
    // What does not depend on the step before is one product for the whole sequence, steps first as the scan takes them.
    let inputs = matmul(x.transposed([1, 0, 2]), inputWeight.tensor) + bias.tensor
    let weight = hiddenWeight.tensor
    let (sequence, last) = scanStates(
      [start.hidden, start.cell], over: inputs, isReversed: isReversed, lengths: lengths
    ) { carry, input in
      let gates = (input + matmul(carry[0], weight)).chunks(4, axis: 1)
      let cell = sigmoid(gates[1]) * carry[1] + sigmoid(gates[0]) * tanh(gates[2])
      return [sigmoid(gates[3]) * tanh(cell), cell]
    }
    return (sequence, (last[0], last[1]))
  }

  public func run(
    _ x: Tensor, initial: [Tensor]?, lengths: Tensor?
  ) -> (sequence: Tensor, last: [Tensor]) {
    let (sequence, last) = callAsFunction(x, initial: initial.map { ($0[0], $0[1]) }, lengths: lengths)
    return (sequence, [last.hidden, last.cell])
  }
}

/// A gated recurrent unit over a sequence.
///
/// Gates stand in the order *r* (reset), *z* (update), *n* (candidate), as in PyTorch (Keras: *z*, *r*, *n*):
/// *h*′ = (1 - *z*) *n* + *z h* with *n* = tanh(`x · W + b` + *r* (`h · U + c`)), the form whose reset comes after the
/// product.
///
/// - Note: Cho et al., *Learning phrase representations using RNN encoder-decoder*, EMNLP 2014.
public struct GRU: RecurrentLayer {
  /// `[in, 3 · width]`.
  public let inputWeight: Parameter
  /// `[width, 3 · width]`.
  public let hiddenWeight: Parameter
  /// `[3 · width]`.
  public let inputBias, hiddenBias: Parameter
  public let width: Int
  /// Whether the sequence is read from its end; results keep its order.
  public let isReversed: Bool

  /// - Parameters:
  ///   - inputCount: The size of each element of the sequence.
  ///   - width: The size of the hidden state.
  ///   - initializer: For the input's weight; the hidden one's is `lecunUniform`.
  public init(
    _ inputCount: Int, _ width: Int, isReversed: Bool = false, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil
  ) {
    (inputWeight, hiddenWeight) = withSeed(seed) {
      (
        initializer.parameter([inputCount, 3 * width], dtype: dtype),
        Initializer.lecunUniform.parameter([width, 3 * width], dtype: dtype)
      )
    }
    inputBias = Parameter(.zeros([3 * width], dtype: dtype))
    hiddenBias = Parameter(.zeros([3 * width], dtype: dtype))
    (self.width, self.isReversed) = (width, isReversed)
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: The hidden states, `[batch, length, width]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, initial: nil).sequence }

  /// - Parameters:
  ///   - x: `[batch, length, in]`.
  ///   - initial: The hidden state, `[batch, width]`; zeros if nil.
  ///   - lengths: How much of each sequence counts, `[batch]` of integers in `0...length`; see ``LSTM``.
  /// - Returns: The hidden states `[batch, length, width]`, and the last one.
  public func callAsFunction(
    _ x: Tensor, initial: Tensor?, lengths: Tensor? = nil
  ) -> (sequence: Tensor, last: Tensor) {
    let start = initial ?? Tensor.zeros([x.shape[0], width], dtype: x.dtype)
    let inputs = matmul(x.transposed([1, 0, 2]), inputWeight.tensor) + inputBias.tensor
    let (weight, bias) = (hiddenWeight.tensor, hiddenBias.tensor)
    let (sequence, last) = scanStates(
      [start], over: inputs, isReversed: isReversed, lengths: lengths
    ) { carry, input in
      let given = input.chunks(3, axis: 1)
      let kept = (matmul(carry[0], weight) + bias).chunks(3, axis: 1)
      let reset = sigmoid(given[0] + kept[0])
      let update = sigmoid(given[1] + kept[1])
      let candidate = tanh(given[2] + reset * kept[2])
      return [candidate + update * (carry[0] - candidate)]
    }
    return (sequence, last[0])
  }

  public func run(
    _ x: Tensor, initial: [Tensor]?, lengths: Tensor?
  ) -> (sequence: Tensor, last: [Tensor]) {
    let (sequence, last) = callAsFunction(x, initial: initial?[0], lengths: lengths)
    return (sequence, [last])
  }
}
