import MartletGraph

/// A stretch of recording whose history is needed afterwards: the closure of a gradient, the body of a region.
package struct Scope {
  package enum Kind {
    /// The history is differentiated; values may be read.
    case gradient
    /// The history becomes a region or program, and stands for any value; none may be read.
    case region(name: String)
  }

  package var kind: Kind
  /// The position of the first node recorded inside.
  package var start: Int
  /// Parameters and states read or written inside, in the order of first use, with what they held before.
  package var touched: [(variable: Variable, original: TensorStorage)] = []
  package var touchedIdentifiers: Set<ObjectIdentifier> = []
  /// In a region, the positions of the inputs that stand for `touched`.
  package var standIns: [Int] = []
  /// In a region, what each touched variable holds by now.
  package var values: [ObjectIdentifier: TensorStorage] = [:]

  package var isRegion: Bool {
    if case .region = kind { true } else { false }
  }

  package init(_ kind: Kind, start: Int) {
    self.kind = kind
    self.start = start
  }
}

extension Recorder {
  /// Whether a derivative is taken of what is recorded now, so that it needs its history.
  var isDifferentiating: Bool { scopes.contains { !$0.isRegion } }

  /// Runs `body` in a scope of its own, and `use` on what it gave and on that scope, while its history is still kept.
  ///
  /// When `body` throws, every variable that it touched holds again what it held before.
  package func scoped<Result, Outcome>(
    _ kind: Scope.Kind, _ body: () throws -> Result, use: (Result, Scope) -> Outcome
  ) rethrows -> Outcome {
    locked { syncEntries() }
    scopes.append(Scope(kind, start: entries.count))
    do {
      let result = try body()
      defer { scopes.removeLast() }
      return use(result, scopes[scopes.count - 1])
    } catch {
      let failed = scopes.removeLast()
      if !failed.isRegion { for (variable, original) in failed.touched { assign(original, to: variable) } }
      throw error
    }
  }
}
