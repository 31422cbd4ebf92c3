import MartletGraph

// Every distribution comes in two forms: with `seed:`, the values of stream 0 of that seed; and with `using:`, the next
// values of a source. Both are the same bits for the same key and stream, as far as the engine's elementary functions
// are the same.

extension Tensor {
  /// Numbers spread evenly over a range.
  ///
  /// A `float32` is one of 2²⁴ equally spaced numbers (the upper 24 of 32 random bits), a `float64` one of 2⁵³;
  /// `float16` and `bfloat16` take 11 and 8 bits. The lower bound occurs; the upper only where rounding reaches it,
  /// which never happens for 0...1.
  ///
  /// - Precondition: A floating-point element type.
  public static func uniform(
    _ shape: Shape, in range: ClosedRange<Double> = 0...1, dtype: DType = .float32,
    seed: UInt64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = Tensor([seed, 0])
    return compose("uniform", fileID, line) { c in try c.uniform(TensorType(dtype, shape), in: range, key: key) }
  }

  /// Numbers spread evenly over a range. The next ones of `source`.
  public static func uniform(
    _ shape: Shape, in range: ClosedRange<Double> = 0...1, dtype: DType = .float32,
    using source: inout some RandomSource, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = source.nextKey()
    return compose("uniform", fileID, line) { c in try c.uniform(TensorType(dtype, shape), in: range, key: key) }
  }

  /// Numbers of a normal distribution.
  ///
  /// By Box and Muller's method: *m* pairs of uniform numbers give 2*m* normal ones, √(-2 log(1 - *u*₀)) times
  /// cos 2π*u*₁ and then, after all the cosines, times sin 2π*u*₁. A `float32` lies within 5.8 standard deviations, a
  /// `float64` within 8.6; 16-bit floats are rounded from `float32`.
  ///
  /// - Precondition: A floating-point element type.
  /// - Note: Box and Muller, *Ann. Math. Stat.* 29 (1958).
  public static func normal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32,
    seed: UInt64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = Tensor([seed, 0])
    return compose("normal", fileID, line) { c in
      try c.normal(TensorType(dtype, shape), mean, standardDeviation, key: key)
    }
  }

  /// Numbers of a normal distribution. The next ones of `source`.
  public static func normal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32,
    using source: inout some RandomSource, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = source.nextKey()
    return compose("normal", fileID, line) { c in
      try c.normal(TensorType(dtype, shape), mean, standardDeviation, key: key)
    }
  }

  /// Numbers of a normal distribution, given that they lie within `bound` standard deviations of the mean.
  ///
  /// By the inverse of the distribution function, so one uniform number makes one element.
  ///
  /// - Precondition: A floating-point element type; `bound` is positive.
  public static func truncatedNormal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, bound: Double = 2, dtype: DType = .float32,
    seed: UInt64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = Tensor([seed, 0])
    return compose("truncatedNormal", fileID, line) { c in
      try c.truncatedNormal(TensorType(dtype, shape), mean, standardDeviation, bound, key: key)
    }
  }

  /// Numbers of a normal distribution, given that they lie within `bound` standard deviations of the mean.
  /// The next ones of `source`.
  public static func truncatedNormal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, bound: Double = 2, dtype: DType = .float32,
    using source: inout some RandomSource, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = source.nextKey()
    return compose("truncatedNormal", fileID, line) { c in
      try c.truncatedNormal(TensorType(dtype, shape), mean, standardDeviation, bound, key: key)
    }
  }

  /// `true` with a probability, which is met to within 2⁻³² and exactly at 0 and 1.
  public static func bernoulli(
    _ shape: Shape, probability: Double,
    seed: UInt64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = Tensor([seed, 0])
    return compose("bernoulli", fileID, line) { c in try c.bernoulli(shape, probability, key: key) }
  }

  /// `true` with a probability, which is met to within 2⁻³² and exactly at 0 and 1. The next ones of `source`.
  public static func bernoulli(
    _ shape: Shape, probability: Double,
    using source: inout some RandomSource, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = source.nextKey()
    return compose("bernoulli", fileID, line) { c in try c.bernoulli(shape, probability, key: key) }
  }

  /// Integers of a range, all equally likely up to one part in 2⁶⁴ / count.
  ///
  /// - Precondition: The range is not empty, and fits the element type.
  public static func randomIntegers(
    _ shape: Shape, in range: Range<Int>, dtype: DType = .int64,
    seed: UInt64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = Tensor([seed, 0])
    return compose("randomIntegers", fileID, line) { c in try c.integers(TensorType(dtype, shape), in: range, key: key)
    }
  }

  /// Integers of a range, all equally likely up to one part in 2⁶⁴ / count. The next ones of `source`.
  public static func randomIntegers(
    _ shape: Shape, in range: Range<Int>, dtype: DType = .int64,
    using source: inout some RandomSource, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = source.nextKey()
    return compose("randomIntegers", fileID, line) { c in try c.integers(TensorType(dtype, shape), in: range, key: key)
    }
  }

  /// The integers 0..<`count` in random order, `int64 [count]`.
  public static func permutation(
    _ count: Int,
    seed: UInt64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = Tensor([seed, 0])
    return compose("permutation", fileID, line) { c in try c.permutation(count, key: key) }
  }

  /// The integers 0..<`count` in random order, `int64 [count]`. The next ones of `source`.
  public static func permutation(
    _ count: Int,
    using source: inout some RandomSource, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = source.nextKey()
    return compose("permutation", fileID, line) { c in try c.permutation(count, key: key) }
  }

  /// Numbers of the standard Gumbel distribution, -log(-log *u*): added to logits, they make the largest a sample.
  ///
  /// - Precondition: A floating-point element type.
  public static func gumbel(
    _ shape: Shape, dtype: DType = .float32,
    seed: UInt64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = Tensor([seed, 0])
    return compose("gumbel", fileID, line) { c in try c.gumbel(TensorType(dtype, shape), key: key) }
  }

  /// Numbers of the standard Gumbel distribution, -log(-log *u*): added to logits, they make the largest a sample.
  /// The next ones of `source`.
  public static func gumbel(
    _ shape: Shape, dtype: DType = .float32,
    using source: inout some RandomSource, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = source.nextKey()
    return compose("gumbel", fileID, line) { c in try c.gumbel(TensorType(dtype, shape), key: key) }
  }

  /// The slices along an axis in random order; that of `Tensor.permutation` for the same seed.
  public func shuffled(
    axis: Int = 0, seed: UInt64, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("shuffled", fileID, line) { c in try c.shuffle(self, axis, key: Tensor([seed, 0])) }
  }

  /// The slices along an axis in random order, the next one of `source`.
  public func shuffled(
    axis: Int = 0, using source: inout some RandomSource, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let key = source.nextKey()
    return compose("shuffled", fileID, line) { c in try c.shuffle(self, axis, key: key) }
  }
}
