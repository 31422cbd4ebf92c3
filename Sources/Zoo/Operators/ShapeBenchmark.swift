import Martlet
public import MartletFormats

/// Contractions and convolutions of any shape, on inputs from files: what they give, and how long they take.
///
/// `Benchmarks/sweep.py` draws shapes, and times the same in PyTorch and JAX.
public enum ShapeBenchmark {
  /// Does what a request asks for, and times it.
  ///
  /// A request is an object with the paths of two `inputs`, and of the `output`, in the format of NumPy. An `equation`
  /// makes it an `einsum`; otherwise it is a convolution of images `[batch, height, width, channels]` with a filter
  /// `[height, width, channels / groups, out]`, with its `stride`, `dilation` and `padding` of two numbers each and its
  /// `groups`.
  ///
  /// - Parameter seconds: About how long to go on calling.
  /// - Returns: The object that ``OperatorBenchmark/json`` gives.
  /// - Throws: A ``FormatError`` for a request that is none, and for files that cannot be read or written.
  public static func run(_ request: String, seconds: Double = 0.05) throws -> JSON {
    let object = try JSON(parsing: request, file: "request")
    let inputs = try paths(object).map { Tensor(stored: try Npy.read(path: $0)) }
    let operation = try operation(object)
    return try checked {
      let result = try operation(inputs).evaluated()
      if let path = object["output"]?.stringValue { try Npy.write(StoredTensor(sharing: result), to: path) }
      return try OperatorBenchmark.run("shape", { _ = try operation(inputs).evaluated() }, seconds).json
    }
  }

  private static func paths(_ object: JSON) throws -> [String] {
    let paths = object["inputs"]?.arrayValue?.compactMap(\.stringValue) ?? []
    guard paths.count == 2 else { throw FormatError(.missing, file: "request", "needs the paths of two inputs") }
    return paths
  }

  private static func operation(_ object: JSON) throws -> ([Tensor]) -> Tensor {
    if let equation = object["equation"]?.stringValue { return { einsum(equation, $0) } }
    func pair(_ key: String) throws -> Spatial {
      guard let numbers = object[key]?.arrayValue?.compactMap(\.intValue), numbers.count == 2 else {
        throw FormatError(.missing, file: "request", "needs two numbers for \(FormatError.quoted(key))")
      }
      return Spatial(numbers)
    }
    let (stride, dilation, padding) = (try pair("stride"), try pair("dilation"), try pair("padding"))
    let groups = object["groups"]?.intValue ?? 1
    return {
      conv2D($0[0], $0[1], stride: stride, dilation: dilation, padding: .explicit(padding), groups: groups)
    }
  }
}
