import MartletGraph

/// Turns pairs of elements of queries and keys by angles in proportion to their position, so that their products depend
/// on distances alone.
///
/// Pair *i* turns by position · base^(-2 *i* / width).
///
/// - Parameters:
///   - x: `[batch, length, heads, width]` of an even width, floating-point.
///   - positions: `[length]` or `[batch, length]` of any number type; 0, 1, … if nil.
///   - isInterleaved: Whether neighbors are pairs (GPT-J), in place of elements half the width apart (Llama).
///   - scaling: How positions are stretched for longer sequences.
/// - Returns: The shape of `x`. Angles are computed at least in float 32.
/// - Note: Su et al., *RoFormer: enhanced transformer with rotary position embedding*, 2021.
public func rotated(
  _ x: Tensor, positions: Tensor? = nil, base: Double = 10_000, isInterleaved: Bool = false,
  scaling: RotaryScaling? = nil, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  guard x.rank == 4, x.shape[3] % 2 == 0, x.dtype.isFloatingPoint, base > 0,
    positions.map({ $0.rank <= 2 && $0.shape.last == x.shape[1] }) ?? true
  else {
    let message =
      "needs [batch, length, heads, even width] and positions [length] or [batch, length], got \(x.type)"
      + (positions.map { " and \($0.type)" } ?? "")
    return Tensor(storage: stop(GraphError("rotated", message), at: SourceLocation(fileID, line)))
  }
  let (wide, half) = (x.dtype.wide, x.shape[3] / 2)
  let places = (positions ?? Tensor.range(0..<x.shape[1])).cast(to: wide)
  let speeds = scaledSpeeds(half, base: base, scaling: scaling, dtype: wide)
  // [batch or 1, length, 1, half]
  let angles = (places.expandingDimensions(at: -1) * speeds).reshaped(to: [-1, x.shape[1], 1, half])
  var (cosine, sine) = (cos(angles), sin(angles))
  if let amplitude = scaling?.amplitude, amplitude != 1 { (cosine, sine) = (cosine * amplitude, sine * amplitude) }
  let parts: [Tensor]
  if isInterleaved {
    parts = x.cast(to: wide).unflattened(axis: 3, to: [half, 2]).unstacked(axis: 4)
  } else {
    parts = x.cast(to: wide).chunks(2, axis: 3)
  }
  let turned = [parts[0] * cosine - parts[1] * sine, parts[1] * cosine + parts[0] * sine]
  let joined =
    isInterleaved
    ? Tensor(stacking: turned, axis: 4).reshaped(to: x.shape) : Tensor(concatenating: turned, axis: 3)
  return joined.cast(to: x.dtype)
}

/// The speed of each pair, `[half]`.
private func scaledSpeeds(_ half: Int, base: Double, scaling: RotaryScaling?, dtype: DType) -> Tensor {
  guard let scaling else { return power(base, Tensor.range(0..<half, dtype: dtype) * (-1 / Double(half))) }
  return Tensor(RotaryScaling.speeds(half, base: base, scaling: scaling), dtype: dtype)
}

/// What is added to attention's scores so that far keys count less: a slope for each head times the distance.
///
/// - Parameters:
///   - queryPositions: `[queries]` of any number type.
///   - keyPositions: `[keys]` of any number type.
/// - Returns: `[heads, queries, keys]`: slope · -|query - key|, with slopes of 2^(-8 *i* / heads), and for a number of
///   heads that is no power of two every other one of twice the next lower power beyond it.
/// - Note: Press, Smith and Lewis, *Train short, test long: attention with linear biases*, ICLR 2022.
public func linearBias(
  headCount: Int, queryPositions: Tensor, keyPositions: Tensor, dtype: DType = .float32
) -> Tensor {
  func slopes(_ count: Int) -> [Double] {
    var slope = 1.0
    // 2^(-8 / count) by taking roots: count is a power of two.
    var ratio = 1.0 / 256
    var n = count
    while n > 1 {
      ratio = ratio.squareRoot()
      n /= 2
    }
    return (0..<count).map { _ in
      slope *= ratio
      return slope
    }
  }
  var power = 1
  while power * 2 <= headCount { power *= 2 }
  var all = slopes(power)
  let more = slopes(2 * power)
  all += stride(from: 0, to: 2 * (headCount - power), by: 2).map { more[$0] }
  let heads = Tensor(all, dtype: dtype.wide).reshaped(to: [headCount, 1, 1])
  let queries = queryPositions.cast(to: dtype.wide).expandingDimensions(at: 1)
  let distance = abs(queries - keyPositions.cast(to: dtype.wide).expandingDimensions(at: 0))
  return (heads * -distance).cast(to: dtype)
}

/// Which keys each query sees that are no further than a window from it: bool `[queries, keys]`.
///
/// - Parameters:
///   - size: The number of keys that a query sees, itself included; on both sides if not causal.
///   - isCausal: Whether only keys up to the query count.
/// - Note: Beltagy, Peters and Cohan, *Longformer*, 2020.
public func windowMask(
  queryPositions: Tensor, keyPositions: Tensor, size: Int, isCausal: Bool = true
) -> Tensor {
  let queries = queryPositions.cast(to: .int64).expandingDimensions(at: 1)
  let distance = queries - keyPositions.cast(to: .int64).expandingDimensions(at: 0)
  if isCausal { return (distance .>= 0) & (distance .< Double(size)) }
  return abs(distance) .< Double(size)
}

/// How attention knows where positions are.
public enum PositionMethod: Sendable, Hashable {
  /// It does not.
  case none
  /// By turning queries and keys; see ``rotated(_:positions:base:isInterleaved:scaling:fileID:line:)``.
  case rotary(base: Double = 10_000, isInterleaved: Bool = false, scaling: RotaryScaling? = nil)
  /// By a bias in proportion to the distance; see ``linearBias(headCount:queryPositions:keyPositions:dtype:)``.
  case linearBias
}

/// Attention whose keys and values are shared by groups of heads, as large language models have it.
///
/// With one group it is multi-query attention, with as many as heads plain attention. A window, rotary positions or linear
/// biases, a cache and another sequence as context go together.
///
/// - Note: Ainslie et al., *GQA: training generalized multi-query transformer models*, EMNLP 2023.
public struct GroupedQueryAttention: Layer {
  public let query, key, value, output: Dense
  /// Of each head's queries and keys, before they are turned.
  public let queryNorm, keyNorm: RMSNorm?
  public let headCount, keyHeadCount: Int
  public let isCausal: Bool
  /// The number of keys that a query sees, itself included; all if nil.
  public let window: Int?
  public let positions: PositionMethod

  /// - Parameters:
  ///   - width: The size of the last dimension.
  ///   - headCount: A multiple of `keyHeadCount`.
  ///   - headWidth: `width / headCount` if nil.
  ///   - hasBias: Whether the maps to queries, keys and values have a bias.
  ///   - hasOutputBias: Whether the map back has one; as the others if nil.
  ///   - normEpsilon: Of norms of each head's queries and keys; nil for none.
  ///   - seed: Determines the initial weights; see ``withSeed(_:_:)``.
  public init(
    _ width: Int, headCount: Int, keyHeadCount: Int, headWidth: Int? = nil, isCausal: Bool = true,
    window: Int? = nil, positions: PositionMethod = .rotary(), normEpsilon: Double? = nil, hasBias: Bool = false,
    hasOutputBias: Bool? = nil,
    initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let isDivided = headCount > 0 && keyHeadCount > 0 && headCount % keyHeadCount == 0
    if !isDivided || (headWidth == nil && width % max(headCount, 1) != 0) {
      let message = "\(headCount) heads of a width of \(width) do not divide into \(keyHeadCount) groups"
      _ = stop(GraphError("GroupedQueryAttention", message), at: SourceLocation(fileID, line))
    }
    let size = headWidth ?? width / max(headCount, 1)
    func dense(_ a: Int, _ b: Int, _ hasBias: Bool) -> Dense {
      Dense(a, b, hasBias: hasBias, initializer: initializer, dtype: dtype)
    }
    func norm() -> RMSNorm? { normEpsilon.map { RMSNorm(size, epsilon: $0, dtype: dtype) } }
    (queryNorm, keyNorm) = (norm(), norm())
    (query, key, value, output) = withSeed(seed) {
      (
        dense(width, headCount * size, hasBias), dense(width, keyHeadCount * size, hasBias),
        dense(width, keyHeadCount * size, hasBias), dense(headCount * size, width, hasOutputBias ?? hasBias)
      )
    }
    (self.headCount, self.keyHeadCount, self.isCausal) = (headCount, keyHeadCount, isCausal)
    (self.window, self.positions) = (window, positions)
  }

  /// - Parameter x: `[batch, length, width]`.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { callAsFunction(x, mask: nil) }

  /// - Parameters:
  ///   - x: `[batch, length, width]`.
  ///   - context: Where keys and values come from, `[batch, contextLength, width]`; `x` if nil.
  ///   - mask: Bool, `true` where a position may see another; broadcasts to `[batch, heads, length, contextLength]`.
  ///   - cache: Keys and values of earlier positions, of `keyHeadCount` heads, to which those of `x` are appended.
  /// - Returns: The shape of `x`.
  public func callAsFunction(
    _ x: Tensor, context: Tensor? = nil, mask: Tensor? = nil, cache: KeyValueCache? = nil
  ) -> Tensor {
    let source = context ?? x
    var queries = query(x).unflattened(axis: -1, to: [headCount, -1])
    var keys = key(source).unflattened(axis: -1, to: [keyHeadCount, -1])
    var values = value(source).unflattened(axis: -1, to: [keyHeadCount, -1])
    if let queryNorm, let keyNorm { (queries, keys) = (queryNorm(queries), keyNorm(keys)) }
    let start = cache?.count.tensor ?? .zeros([], dtype: .int64)
    let places = Tensor.range(0..<x.shape[1]) + start
    var keyPlaces = Tensor.range(0..<source.shape[1]) + start
    if case .rotary(let base, let isInterleaved, let scaling) = positions {
      queries = rotated(queries, positions: places, base: base, isInterleaved: isInterleaved, scaling: scaling)
      keys = rotated(keys, positions: keyPlaces, base: base, isInterleaved: isInterleaved, scaling: scaling)
    }
    var visible: Tensor?
    if let cache {
      visible = cache.append(keys: keys, values: values, isCausal: isCausal)
      (keys, values) = (cache.keys.tensor, cache.values.tensor)
      keyPlaces = Tensor.range(0..<keys.shape[1])
    } else if isCausal && (window == nil) && mask == nil && positions != .linearBias {
      // The plain case, which has a kernel that never stores the scores.
      return output(attention(queries, keys, values, isCausal: true).flattened(from: 2))
    } else if isCausal && window == nil {
      visible = places.expandingDimensions(at: 1) .>= keyPlaces.expandingDimensions(at: 0)
    }
    if let window {
      let near = windowMask(queryPositions: places, keyPositions: keyPlaces, size: window, isCausal: isCausal)
      visible = visible.map { $0 & near } ?? near
    }
    if let mask { visible = visible.map { $0 & mask } ?? mask }
    var bias = visible
    if positions == .linearBias {
      let slope = linearBias(
        headCount: headCount, queryPositions: places, keyPositions: keyPlaces, dtype: queries.dtype)
      bias = visible.map { select($0, slope, -Double.infinity) } ?? slope
    }
    return output(attention(queries, keys, values, mask: bias).flattened(from: 2))
  }
}
