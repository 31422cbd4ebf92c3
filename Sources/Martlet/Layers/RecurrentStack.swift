public import MartletGraph

/// A layer that reads a sequence step by step and keeps a state.
public protocol RecurrentLayer: Layer {
  /// The size of each state.
  var width: Int { get }
  /// - Parameters:
  ///   - x: `[batch, length, in]`.
  ///   - initial: The states, `[batch, width]` each, the hidden one first; zeros if nil.
  ///   - lengths: How much of each sequence counts, `[batch]`; all of it if nil.
  /// - Returns: The hidden states `[batch, length, width]`, and the last states.
  func run(_ x: Tensor, initial: [Tensor]?, lengths: Tensor?) -> (sequence: Tensor, last: [Tensor])
}

/// Scans a step over a sequence whose states stand still, and whose results are zero, beyond each example's length.
///
/// - Parameters:
///   - states: `[batch, ...]` each.
///   - inputs: `[length, batch, ...]`.
///   - step: Takes the states and one input; gives the next states, the first of which is the result.
/// - Returns: The results `[batch, length, ...]`, and the last states.
func scanStates(
  _ states: [Tensor], over inputs: Tensor, isReversed: Bool, lengths: Tensor?,
  _ step: ([Tensor], Tensor) -> [Tensor]
) -> (sequence: Tensor, last: [Tensor]) {
  var sequences = [inputs]
  if let lengths {
    let known = checkedNumbers(lengths, count: inputs.shape[0] + 1, #fileID, #line)
    let sizes = [1, known.shape[0]] + Array(repeating: 1, count: states[0].rank - 1)
    let steps = Tensor.range(0..<inputs.shape[0])
    let isOver =
      steps.reshaped(to: Shape([-1] + Array(repeating: 1, count: sizes.count - 1)))
      .>= known.reshaped(to: Shape(sizes))
    sequences.append(isOver)
  }
  let (carry, results) = scan(states, over: sequences, isReversed: isReversed) { carry, elements in
    let next = step(carry, elements[0])
    if elements.count == 1 { return (next, [next[0]]) }
    let held = zip(carry, next).map { select(elements[1], $0, $1) }
    return (held, [select(elements[1], 0, next[0])])
  }
  let order = [1, 0] + Array(2..<max(results[0].rank, 2))
  return (results[0].transposed(order), carry)
}

/// The plainest recurrent layer: *h*′ = f(`x · inputWeight + h · hiddenWeight + bias`).
///
/// - Note: Elman, *Finding structure in time*, Cognitive Science 14 (1990).
public struct SimpleRNN: RecurrentLayer {
  /// `[in, width]`.
  public let inputWeight: Parameter
  /// `[width, width]`.
  public let hiddenWeight: Parameter
  /// `[width]`: PyTorch's two biases are one here, their sum.
  public let bias: Parameter
  public let width: Int
  public let activation: Activation
  /// Whether the sequence is read from its end; results keep its order.
  public let isReversed: Bool

  /// - Parameters:
  ///   - inputCount: The size of each element of the sequence.
  ///   - width: The size of the hidden state.
  ///   - initializer: For the input's weight; the hidden one's is orthogonal.
  public init(
    _ inputCount: Int, _ width: Int, activation: Activation = .tanh, isReversed: Bool = false,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil
  ) {
    (inputWeight, hiddenWeight) = withSeed(seed) {
      (
        initializer.parameter([inputCount, width], dtype: dtype),
        Initializer.orthogonal().parameter([width, width], dtype: dtype)
      )
    }
    bias = Parameter(.zeros([width], dtype: dtype))
    (self.width, self.activation, self.isReversed) = (width, activation, isReversed)
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: The hidden states, `[batch, length, width]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { run(x, initial: nil, lengths: nil).sequence }

  public func run(
    _ x: Tensor, initial: [Tensor]?, lengths: Tensor?
  ) -> (sequence: Tensor, last: [Tensor]) {
    let start = initial ?? [Tensor.zeros([x.shape[0], width], dtype: x.dtype)]
    let inputs = (matmul(x, inputWeight.tensor) + bias.tensor).transposed([1, 0, 2])
    let weight = hiddenWeight.tensor
    return scanStates(start, over: inputs, isReversed: isReversed, lengths: lengths) { carry, input in
      [activation(input + matmul(carry[0], weight))]
    }
  }
}

/// Recurrent layers one above the other, each in one direction or in both.
public struct StackedRecurrent: Layer {
  /// The layers of one level; both read the same sequence, and their results stand side by side.
  public struct Level: Module {
    public let forward: any RecurrentLayer
    public let backward: (any RecurrentLayer)?
  }

  public let levels: [Level]
  /// Between levels.
  public let dropout: Dropout

  /// - Parameters:
  ///   - inputCount: The size of each element of the sequence.
  ///   - isBidirectional: Whether each level has a layer that reads from the end as well.
  ///   - dropoutProbability: Of an element between levels to become zero while training.
  ///   - seed: Determines initial weights and dropout; see ``withSeed(_:_:)``.
  ///   - layer: Makes a layer for an input of so many elements, reversed or not.
  public init(
    _ inputCount: Int, layerCount: Int, isBidirectional: Bool = false, dropoutProbability: Double = 0,
    seed: UInt64? = nil, _ layer: (_ inputCount: Int, _ isReversed: Bool) -> any RecurrentLayer
  ) {
    (levels, dropout) = withSeed(seed) {
      var size = inputCount
      let levels = (0..<layerCount).map { _ in
        let level = Level(forward: layer(size, false), backward: isBidirectional ? layer(size, true) : nil)
        size = level.forward.width + (level.backward?.width ?? 0)
        return level
      }
      return (levels, Dropout(probability: dropoutProbability))
    }
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: The hidden states of the last level, `[batch, length, width]`, twice as wide in both directions.
  public func callAsFunction(_ x: Tensor) -> Tensor { run(x).sequence }

  /// - Parameters:
  ///   - x: `[batch, length, in]`.
  ///   - initial: The states of each layer, from the first level up, forward before backward; zeros if nil.
  ///   - lengths: How much of each sequence counts, `[batch]` of integers in `0...length`; all of it if nil.
  /// - Returns: The hidden states of the last level, and the last states of each layer in the order of `initial`.
  public func run(
    _ x: Tensor, initial: [[Tensor]]? = nil, lengths: Tensor? = nil
  ) -> (sequence: Tensor, last: [[Tensor]]) {
    var sequence = x
    var last: [[Tensor]] = []
    for (index, level) in levels.enumerated() {
      if index > 0 { sequence = dropout(sequence) }
      let results = [level.forward, level.backward].compactMap { $0 }.map { layer -> Tensor in
        let start = initial?[last.count]
        let (result, states) = layer.run(sequence, initial: start, lengths: lengths)
        last.append(states)
        return result
      }
      sequence = results.count == 1 ? results[0] : Tensor(concatenating: results, axis: 2)
    }
    return (sequence, last)
  }
}

/// A long short-term memory over a sequence of images, with convolutions in place of products.
///
/// Gates stand in the order *i*, *f*, *g*, *o*, as in ``LSTM``; convolutions keep the size.
///
/// - Note: Shi et al., *Convolutional LSTM network*, NeurIPS 2015, without peepholes.
public struct ConvLSTM2D: Layer {
  /// `[height, width, in, 4 · channels]`.
  public let inputWeight: Parameter
  /// `[height, width, channels, 4 · channels]`.
  public let hiddenWeight: Parameter
  /// `[4 · channels]`.
  public let bias: Parameter
  public let channels: Int

  /// - Parameters:
  ///   - inputCount: Channels of the images.
  ///   - channels: Of the hidden state.
  ///   - initializer: For the input's weight; the forget gate's bias begins at 1.
  public init(
    _ inputCount: Int, _ channels: Int, kernelSize: Spatial, initializer: Initializer = .glorotUniform,
    dtype: DType = .float32, seed: UInt64? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let sizes = kernelSize.layerSizes(2, "ConvLSTM2D", fileID, line)
    (inputWeight, hiddenWeight) = withSeed(seed) {
      (
        initializer.parameter(Shape(sizes + [inputCount, 4 * channels]), dtype: dtype),
        Initializer.lecunUniform.parameter(Shape(sizes + [channels, 4 * channels]), dtype: dtype)
      )
    }
    let zeros = Tensor.zeros([channels], dtype: dtype)
    bias = Parameter(Tensor(concatenating: [zeros, .ones([channels], dtype: dtype), zeros, zeros], axis: 0))
    self.channels = channels
  }

  /// - Parameter x: `[batch, length, height, width, in]`.
  /// - Returns: The hidden states, `[batch, length, height, width, channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { run(x).sequence }

  /// - Parameters:
  ///   - x: `[batch, length, height, width, in]`.
  ///   - initial: Hidden state and cell, `[batch, height, width, channels]` each; zeros if nil.
  ///   - lengths: How much of each sequence counts, `[batch]`; all of it if nil.
  /// - Returns: The hidden states, and the last hidden state and cell.
  public func run(
    _ x: Tensor, initial: [Tensor]? = nil, lengths: Tensor? = nil
  ) -> (sequence: Tensor, last: [Tensor]) {
    let size = Shape([x.shape[0]] + x.shape[2...3] + [channels])
    let start = initial ?? Array(repeating: Tensor.zeros(size, dtype: x.dtype), count: 2)
    let images = x.flattened(from: 0, through: 1)
    let inputs = (conv2D(images, inputWeight.tensor, padding: .same) + bias.tensor)
      .reshaped(to: Shape(x.shape[..<4] + [4 * channels])).transposed([1, 0, 2, 3, 4])
    let weight = hiddenWeight.tensor
    return scanStates(start, over: inputs, isReversed: false, lengths: lengths) { carry, input in
      let gates = (input + conv2D(carry[0], weight, padding: .same)).chunks(4, axis: 3)
      let cell = sigmoid(gates[1]) * carry[1] + sigmoid(gates[0]) * tanh(gates[2])
      return [sigmoid(gates[3]) * tanh(cell), cell]
    }
  }
}
