public import MartletGraph

/// Attention with several heads, each on its own part of the width.
///
/// - Note: Vaswani et al., *Attention is all you need*, NeurIPS 2017.
public struct MultiHeadAttention: Layer {
  /// Maps to the queries, keys and values of all heads, and back.
  public let query, key, value, output: Dense
  public let headCount: Int
  /// Whether a position sees only itself and those before it.
  public let isCausal: Bool

  /// - Parameters:
  ///   - width: The size of the last dimension, a multiple of `headCount`.
  ///   - seed: Determines the initial weights; see ``withSeed(_:_:)``.
  public init(
    _ width: Int, headCount: Int, isCausal: Bool = false, hasBias: Bool = true,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    if headCount < 1 || width % headCount != 0 {
      let message = "a width of \(width) does not divide into \(headCount) heads"
      _ = stop(GraphError("MultiHeadAttention", message), at: SourceLocation(fileID, line))
    }
    let maps = withSeed(seed) {
      (0..<4).map { _ in Dense(width, width, hasBias: hasBias, initializer: initializer, dtype: dtype) }
    }
    (query, key, value, output) = (maps[0], maps[1], maps[2], maps[3])
    (self.headCount, self.isCausal) = (headCount, isCausal)
  }

  /// Attention of a sequence to itself.
  ///
  /// - Parameter x: `[batch, length, width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, mask: nil) }

  /// Attention of a sequence to itself or to another.
  ///
  /// - Parameters:
  ///   - x: `[batch, length, width]`.
  ///   - context: Where keys and values come from, `[batch, contextLength, width]`; `x` if nil.
  ///   - mask: Added to the scores, or bool: `true` where a position may see another. Broadcasts to
  ///     `[batch, heads, length, contextLength]`; with a cache the last size is its capacity.
  ///   - cache: Keys and values of earlier positions, to which those of `x` are appended.
  /// - Returns: The shape of `x`.
  public func callAsFunction(
    _ x: Tensor, context: Tensor? = nil, mask: Tensor? = nil, cache: KeyValueCache? = nil
  ) -> Tensor {
    let source = context ?? x
    let queries = heads(query(x))
    var keys = heads(key(source))
    var values = heads(value(source))
    var mask = mask
    var isCausal = isCausal
    if let cache {
      let visible = cache.append(keys: keys, values: values, isCausal: isCausal)
      (keys, values) = (cache.keys.tensor, cache.values.tensor)
      mask = mask.map { $0.dtype == .bool ? $0 & visible : select(visible, $0, -Double.infinity) } ?? visible
      isCausal = false
    }
    let attended = attention(queries, keys, values, mask: mask, isCausal: isCausal)
    return output(attended.reshaped(to: x.shape))
  }

  private func heads(_ x: Tensor) -> Tensor { x.unflattened(axis: -1, to: [headCount, -1]) }
}

/// Keys and values of the positions seen so far, for generating a sequence piece by piece.
///
/// Room for `capacity` positions is there from the start, so that every step is the same program; a step writes its
/// positions in place.
public struct KeyValueCache: Module {
  /// `[batch, capacity, heads, headWidth]`.
  public let keys, values: State
  /// The number of positions seen so far, `int64 []`.
  public let count: State

  /// An empty cache.
  public init(batch: Int, capacity: Int, headCount: Int, headWidth: Int, dtype: DType = .float32) {
    keys = State(.zeros([batch, capacity, headCount, headWidth], dtype: dtype))
    values = State(.zeros([batch, capacity, headCount, headWidth], dtype: dtype))
    count = State(.zeros([], dtype: .int64))
  }

  /// Forgets all positions.
  public func reset() { count.tensor = .zeros([], dtype: .int64) }

  /// Writes the keys and values of new positions, `[batch, length, heads, headWidth]`.
  ///
  /// Positions beyond the capacity are an error when the program runs.
  ///
  /// - Returns: Which places each new position may see, bool `[length, capacity]`.
  func append(keys newKeys: Tensor, values newValues: Tensor, isCausal: Bool) -> Tensor {
    let length = newKeys.shape[1]
    let place = count.tensor
    let zero = Tensor.zeros([], dtype: .int64)
    let starts = Tensor(stacking: [zero, place, zero, zero])
    let here = SourceLocation(#fileID, #line)
    keys.tensor = .record(DynamicUpdate(), keys.tensor, newKeys, starts, at: here)
    values.tensor = .record(DynamicUpdate(), values.tensor, newValues, starts, at: here)
    count.tensor = place + Double(length)
    let positions = Tensor.range(0..<keys.shape[1]).expandingDimensions(at: 0)
    let offset = isCausal ? Tensor.range(0..<length) : Tensor.full([length], value: Double(length - 1), dtype: .int64)
    let last = (offset + place).expandingDimensions(at: 1)
    return positions .<= last
  }
}
