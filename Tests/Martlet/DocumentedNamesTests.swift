import MartletTestSupport
import Testing

/// Nothing public is left out of the reference articles: each name stands in a row of a table, beside what other
/// frameworks call it.
@Suite struct DocumentedNamesTests {
  private static let articles: [(folder: String, names: [String])] = [
    (
      "Functions",
      [
        "ElementFunctions", "ElementTypes", "ReductionFunctions", "IndexingFunctions", "LinearAlgebra",
        "FourierFunctions", "ImageFunctions", "LayerReference",
      ]
    ),
    ("Losses", ["Losses"]), ("Layers", ["LayerReference"]), ("Optimizers", ["OptimizerReference"]),
    ("Metrics", ["Metrics"]), ("Distributions", ["Distributions"]), ("Random", ["Distributions", "Tensors"]),
    ("Tensor", ["Tensors", "ElementFunctions", "ElementTypes", "IndexingFunctions"]),
    ("Transforms", ["Derivatives"]),
  ]

  @Test(arguments: articles.indices) func `everything public stands in a table of its articles`(index: Int) throws {
    let (folder, articles) = Self.articles[index]
    let names = try PublicNames(folder: "Sources/Martlet/\(folder)")
    var found: Set<Substring> = []
    for article in articles {
      let path = "\(PublicNames.root)/Sources/Martlet/Martlet.docc/\(article).md"
      for line in try PublicNames.lines(of: path) where line.hasPrefix("|") { found.formUnion(line.codeWords) }
    }
    let all = names.functions.union(names.types.keys).union(folder == "Functions" ? names.initializers : [])
    #expect(all.count > 5)
    let missing = all.filter { !found.contains($0[...]) && !Self.speakForThemselves.contains($0) }
    #expect(missing.sorted() == [], "in no table of \(articles.joined(separator: ", "))")
  }

  /// What the language calls, and what is named by its labels.
  private static let speakForThemselves: Set = [
    "callAsFunction", "LayerBuilder", "buildArray", "buildBlock", "buildEither", "buildExpression", "buildOptional",
    "_", "arrayLiteral", "integerLiteral", "real", "magnitude", "scale", "scales", "covering",
  ]
}

extension Substring {
  /// The identifiers between backquotes.
  fileprivate var codeWords: [Substring] {
    replacing("``", with: "`").split(separator: "`", omittingEmptySubsequences: false).enumerated().flatMap {
      number, part in number % 2 == 0 ? [] : part.split { !($0.isLetter || $0.isNumber || $0 == "_") }
    }
  }
}
