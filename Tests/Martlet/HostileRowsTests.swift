import MartletTestSupport
import Testing

/// The 48 operators and inputs that have broken frameworks, and what tests each here.
///
/// Collected from the security advisories of TensorFlow (2020 to 2022), PyTorch, Keras, ONNX and others.
@Suite struct HostileRowsTests {
  @Test func `every row is tested, with at least four variants`() throws {
    #expect(HostileRow.all.map(\.number) == Array(1...48))
    let variants = Dictionary(uniqueKeysWithValues: HostileCase.all.map { ($0.name, $0.variants.count) })
    for row in HostileRow.all {
      for name in row.cases { #expect(variants[name] != nil, "row \(row.number), \(row.title): no case \(name)") }
      let count = try row.cases.reduce(0) { $0 + (variants[$1] ?? 0) } + row.countElsewhere()
      #expect(count >= 4, "row \(row.number), \(row.title): \(count) variants")
    }
    let used = Set(HostileRow.all.flatMap(\.cases))
    let unused = HostileCase.all.map(\.name).filter { !used.contains($0) }
    #expect(unused.isEmpty, "cases of no row: \(unused)")
  }
}

/// One row: the names of cases of ``HostileCase``, or of those in a file of other tests.
private struct HostileRow {
  let number: Int
  let title: String
  let cases: [String]
  let elsewhere: (file: String, names: [String])?

  init(_ number: Int, _ title: String, _ cases: String...) {
    (self.number, self.title, self.cases, elsewhere) = (number, title, cases, nil)
  }

  init(_ number: Int, _ title: String, file: String, names: [String]) {
    (self.number, self.title, cases, elsewhere) = (number, title, [], (file, names))
  }

  /// How many of the names are in the file.
  func countElsewhere() throws -> Int {
    guard let elsewhere else { return 0 }
    let lines = try PublicNames.lines(of: "\(PublicNames.root)/\(elsewhere.file)")
    return elsewhere.names.count { name in lines.contains { $0.contains("\"\(name)\"") } }
  }

  static let all = [
    HostileRow(1, "gather", "gather"),
    HostileRow(2, "gather of points", "gather of points"),
    HostileRow(3, "gather in batches", "gather of points"),
    HostileRow(4, "scatter", "scatter"),
    HostileRow(5, "division of integers", "division of integers"),
    HostileRow(6, "sorted segments", "segments"),
    HostileRow(7, "unsorted segments", "segments"),
    HostileRow(8, "embedding", "embedding"),
    HostileRow(9, "one hot", "oneHot"),
    HostileRow(10, "split", "split"),
    HostileRow(11, "concatenate", "concatenate"),
    HostileRow(12, "transpose", "transposed"),
    HostileRow(13, "reshape", "reshaped"),
    HostileRow(14, "tile, repeat, expand", "tiled, repeated, broadcast"),
    HostileRow(15, "arange", "arange"),
    HostileRow(16, "axes", "axes"),
    HostileRow(17, "slices", "slices"),
    HostileRow(18, "reverse", "reversed and rolled", "reversed sequences"),
    HostileRow(19, "unravel", "unraveled"),
    HostileRow(20, "extremes", "argMax and extremes", "quantiles and top"),
    HostileRow(21, "einsum", "einsum"),
    HostileRow(22, "operations of two", "binary operations"),
    HostileRow(23, "matmul", "matmul"),
    HostileRow(24, "triangular solve, Cholesky", "systems"),
    HostileRow(25, "convolution", "convolution"),
    HostileRow(26, "convolution backward", "convolution backward"),
    HostileRow(27, "pooling", "pooling"),
    HostileRow(28, "maximum pooling backward", "unpooling"),
    HostileRow(29, "adaptive pooling", "adaptive pooling"),
    HostileRow(30, "norms", "normalization", "epsilons and groups of norms"),
    HostileRow(31, "recurrence", "recurrence"),
    HostileRow(32, "attention", "attention", "attention in groups"),
    HostileRow(33, "CTC", "sequences"),
    HostileRow(34, "cross entropy", "cross entropy"),
    HostileRow(35, "quantize", "quantization"),
    HostileRow(36, "resize, crop", "resizing and crops"),
    HostileRow(37, "Fourier transforms", "Fourier transforms"),
    HostileRow(38, "bins, searches", "bins and searches"),
    HostileRow(39, "random numbers, shapes", "shapes and random numbers"),
    // There is no sparse tensor; coordinates are an operand of a scatter.
    HostileRow(40, "coordinates", "coordinates"),
    // There is no ragged tensor; sequences of several lengths are padded, and the lengths an operand.
    HostileRow(41, "lengths", "recurrence", "reversed sequences", "segments"),
    HostileRow(42, "element types", "element types"),
    HostileRow(43, "counts", "counts"),
    HostileRow(44, "text", "text"),
    HostileRow(45, "images", "images"),
    HostileRow(46, "raw bytes", "raw bytes"),
    HostileRow(47, "checkpoints", "checkpoints"),
    // Graphs come from ONNX alone, which these tests do not reach.
    HostileRow(
      48, "graphs", file: "Tests/ONNX/HostileModels.swift",
      names: [
        "refers to itself", "uses a value before it is there", "has a name twice", "has an attribute twice",
        "has a function that calls itself", "nests graphs too deep", "claims more data than there is",
        "has sizes that overflow", "has an element type that does not exist",
      ]),
  ]
}
