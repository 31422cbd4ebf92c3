import Martlet
import MartletTestSupport
import Testing

/// Every public function, loss and layer has its derivative checked in double precision, in five configurations or more,
/// or is listed here with the reason why it has none.
@Suite(.endsAtZero) struct DerivativeCoverageTests {
  @Test func `every function has a numerical check of its derivative, or none to check`() throws {
    let names = try PublicNames(folder: "Sources/Martlet/Functions")
    let checked = Set(SmoothFunction.all.flatMap(\.covered))
      .union(ActivationDerivativeTests.functions.map { $0.0.identifier })
      .union(["parametricReLU"])
    let all = names.functions.union(Self.joins.intersection(names.initializers))
    #expect(all.count > 250)
    #expect(all.subtracting(checked).subtracting(Self.withoutDerivative.keys).sorted() == [])
    #expect(Self.withoutDerivative.keys.filter { checked.contains($0) || !all.contains($0) }.sorted() == [])
    // A name that is checked is a name that there is; triangles and the identity are made with tensors.
    let others = try PublicNames(folder: "Sources/Martlet/Tensor").functions
    #expect(checked.subtracting(all).subtracting(others).sorted() == [])
  }

  @Test func `every loss has a numerical check of its derivative`() throws {
    let names = try PublicNames(folder: "Sources/Martlet/Losses").functions
    let checked = (LossFunctionTests.elementLosses([4]) + LossFunctionTests.vectorLosses([2, 2])).map {
      $0.0.identifier
    }
    #expect(names.count >= 25)
    // That of CTC has a test of its own.
    #expect(names.subtracting(checked).sorted() == ["ctcLoss"])
  }

  @Test func `every layer has a numerical check of its derivative`() throws {
    let types = try PublicNames(folder: "Sources/Martlet/Layers").types
    let layers = types.filter { !$0.value.isDisjoint(with: ["Layer", "RecurrentLayer", "WeightedLayer", "Module"]) }
    let lists = LayerDerivativeTests.layers(1) + LayerPropertyTests.layers(1) + LayerConfigurationTests.layers(1)
    let checked = Set(lists.map { "\(type(of: $0.0))".identifier }).union(LayerConfigurationTests.modules)
    #expect(layers.count >= 60)
    #expect(Set(layers.keys).subtracting(checked).sorted() == Self.noLayers)
  }

  /// What joins tensors is an initializer.
  private static let joins: Set = [
    "concatenating", "stacking", "blockDiagonal", "stackingVertically", "stackingHorizontally", "stackingInDepth",
    "stackingColumns",
  ]

  /// Protocols, what keeps states for a layer, and a part of a stack of recurrent ones.
  private static let noLayers = ["KeyValueCache", "Layer", "Level", "RecurrentLayer", "WeightedLayer"]

  private static let withoutDerivative: [String: String] = {
    let integers = "gives or takes integers or bool alone"
    let names = [
      "all", "any", "argMax", "argMin", "argSorted", "bitCount", "bucketized", "countOfNonzero", "gcd", "isClose",
      "isFinite", "isInfinite", "isNaN", "lcm", "lowerTriangleIndices", "upperTriangleIndices", "matrixRank",
      "nonMaximumSuppression", "nonzeroIndices", "oneHot", "searchSorted", "shiftedLeft", "shiftedRight", "signBit",
      "unraveled", "quantized", "dequantized", "bitCast", "fftFrequencies", "realFFTFrequencies",
    ]
    var reasons = Dictionary(uniqueKeysWithValues: names.map { ($0, integers) })
    reasons["uniques"] = "an error: which elements are equal changes with them"
    reasons["fakeQuantized"] = "that of its operand where it is in range, not that of the steps: QuantizationTests"
    reasons["custom"] = "the user's: MissingDerivativeTests, CustomTests"
    reasons["mapParts"] = "that of the function it is given"
    reasons["explicit"] = "a way to pad, no function of tensors"
    return reasons
  }()
}
