import MartletFormats

/// What came out of running ONNX's backend tests: which cases pass, and what that says about each operator.
package struct ConformanceReport: Sendable {
  /// A case and what came of it.
  package struct Entry: Sendable {
    /// The suite it belongs to: the name of its folder.
    package let suite: String
    /// The name of the case.
    package let name: String
    /// The operators of its model.
    package let operators: [String]
    /// What went wrong; nil if it passed.
    package let failure: String?
  }

  /// The cases in the order in which they ran.
  package private(set) var entries: [Entry] = []

  package init() {}

  /// Runs all cases in a folder.
  ///
  /// - Parameter progress: Is given each case as soon as it has run.
  package mutating func run(_ folder: String, progress: (Entry) -> Void) throws {
    for test in try BackendCase.all(in: folder) {
      var failure: String?
      do {
        try test.run()
      } catch {
        failure = "\(error)"
      }
      let entry = Entry(
        suite: FileSystem.lastComponent(of: folder), name: test.name, operators: (try? test.operators()) ?? [],
        failure: failure)
      entries.append(entry)
      progress(entry)
    }
  }

  /// The suites with how many cases they have and how many pass.
  package var suites: [(name: String, passed: Int, total: Int)] {
    var names: [String] = []
    for entry in entries where !names.contains(entry.suite) { names.append(entry.suite) }
    return names.map { name in
      let own = entries.filter { $0.suite == name }
      return (name, own.count { $0.failure == nil }, own.count)
    }
  }

  /// An article with a table of the suites, one of the operators, and the cases that fail.
  package var article: String {
    var lines = [
      "# Operator coverage", "",
      "Which operators of ONNX can be imported, and how many of ONNX's backend tests that use them pass.", "",
      "## Overview", "",
      "`Benchmarks/ONNX/run.sh` runs the tests and writes this page. An operator without cases is known, and tested",
      "elsewhere or not at all.", "", "| suite | passed | cases |", "| --- | --- | --- |",
    ]
    lines += suites.map { "| \($0.name) | \($0.passed) | \($0.total) |" }
    lines += ["", "## Operators", "", "| operator | versions | passed | cases |", "| --- | --- | --- | --- |"]
    for (name, versions) in ConformanceReport.operators {
      let own = entries.filter { $0.operators.contains(name) }
      lines.append("| \(name) | \(versions) | \(own.count { $0.failure == nil }) | \(own.count) |")
    }
    let failures = entries.filter { $0.failure != nil }
    lines += ["", "## Cases that do not pass", ""]
    if failures.isEmpty { lines.append("None.") }
    lines += failures.map { "- `\($0.name)`: \(ConformanceReport.reason($0))" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes the article to a file.
  package func write(to path: String) throws {
    var file = try AtomicFile(path: path)
    try file.write(SharedBytes(Array(article.utf8)))
    try file.commit()
  }

  /// Every operator that is known, and in which versions.
  private static var operators: [(name: String, versions: String)] {
    let all = Dictionary(grouping: OperatorTable.all) { $0.domain.isEmpty ? $0.name : "\($0.domain).\($0.name)" }
    return all.map { name, definitions in
      let versions = definitions.map { definition -> String in
        let range = definition.versions
        if range == Operator.allVersions { return "all" }
        return range.upperBound == .max ? "from \(range.lowerBound)" : "to \(range.upperBound)"
      }
      return (name, versions.count > 1 ? "all" : versions[0])
    }.sorted { ($0.0.contains(".") ? 1 : 0, $0.0) < ($1.0.contains(".") ? 1 : 0, $1.0) }
  }

  /// Why a case fails, without the path of its model.
  private static func reason(_ entry: Entry) -> String {
    let isRandom = ["Bernoulli", "Dropout", "RandomUniformLike"].contains { entry.operators.contains($0) }
    if isRandom { return "expects the random numbers of numpy's generator" }
    let text = entry.failure ?? ""
    return text.firstRange(of: "model.onnx: ").map { String(text[$0.upperBound...]) } ?? text
  }

  /// The report as JSON.
  package var json: JSON {
    let cases = entries.map { entry in
      [
        "suite": .string(entry.suite), "name": .string(entry.name), "passed": .bool(entry.failure == nil),
        "failure": .string(entry.failure ?? ""),
      ] as JSON
    }
    let totals = suites.map {
      ["name": .string($0.name), "passed": .integer($0.passed), "cases": .integer($0.total)] as JSON
    }
    return ["suites": .array(totals), "cases": .array(cases)]
  }
}
