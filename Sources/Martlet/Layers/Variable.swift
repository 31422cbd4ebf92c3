public import MartletGraph

/// A named place that holds a tensor and lets it be replaced: a ``Parameter``, or ``State`` that is not trained.
///
/// A reference: layers that share one share its value. Reading and replacing it inside the closure of a gradient, of
/// `compiled`, `checkpoint` or `vmap` becomes part of the program, and is undone when that closure fails.
///
/// One thread at a time may replace the value; any number may read it meanwhile only if none replaces it.
public class Variable: @unchecked Sendable {
  /// The path at which a model holds it, such as `encoder.blocks.3.attention.query.weight`; empty until it is known.
  public internal(set) var name = ""
  /// Element type and shape; replacing the value never changes them.
  public let type: TensorType
  package var storage: TensorStorage
  /// The last step in which a recorder remembered what it held before.
  var rememberedStep: UInt64 = 0

  /// A place that holds `value`.
  public init(_ value: Tensor) {
    type = value.type
    storage = value.storage
  }

  /// The value held now.
  public var tensor: Tensor {
    get { Tensor(storage: Recorder.current.storage(of: self)) }
    set {
      guard newValue.type == type else {
        let error = GraphError("Variable", "cannot hold \(newValue.type); it holds \(type)")
        _ = stop(error, at: SourceLocation(programCounter: 0))
        return
      }
      Recorder.current.assign(newValue.storage, to: self)
    }
  }

  /// The sizes of the dimensions.
  public var shape: Shape { type.shape }
}

/// A tensor that training changes.
public final class Parameter: Variable, @unchecked Sendable {
  /// Whether gradients are taken with respect to it.
  public var isTrainable = true
}

/// A tensor that a layer keeps between calls and that is not trained: running statistics, a random counter, a cache.
public final class State: Variable, @unchecked Sendable {}

extension Recorder {
  /// What a variable holds as this thread sees it: inside a region a stand-in, which no other thread meets.
  package func storage(of variable: Variable) -> TensorStorage {
    if !scopes.isEmpty { touch(variable) }
    let storage = scopes.isEmpty ? variable.storage : visibleStorage(of: variable, before: scopes.count)
    noteRead(of: variable, storage)
    return storage
  }

  /// Replaces what a variable holds as this thread sees it; inside a region, what it holds when the region ends.
  package func assign(_ storage: TensorStorage, to variable: Variable) {
    if !scopes.isEmpty { touch(variable) }
    if let region = scopes.lastIndex(where: \.isRegion) {
      scopes[region].values[ObjectIdentifier(variable)] = storage
    } else {
      remember(variable, replacedBy: storage)
      variable.storage = storage
    }
  }

  private func visibleStorage(of variable: Variable, before end: Int) -> TensorStorage {
    let identifier = ObjectIdentifier(variable)
    return scopes[..<end].last { $0.values[identifier] != nil }?.values[identifier] ?? variable.storage
  }

  /// Notes the first use of a variable in every open scope.
  private func touch(_ variable: Variable) {
    let identifier = ObjectIdentifier(variable)
    // A scope that knows the variable was inside all outer ones when it met it, so those know it too. The outermost
    // comes first: its stand-in is what the next one finds.
    let first = (scopes.lastIndex { $0.touchedIdentifiers.contains(identifier) } ?? -1) + 1
    for index in first..<scopes.count {
      scopes[index].touchedIdentifiers.insert(identifier)
      scopes[index].touched.append((variable, visibleStorage(of: variable, before: index)))
      guard scopes[index].isRegion else { continue }
      // Inside a region a variable is an input of the region, whatever it holds outside.
      let standIn = makeInput(variable.type).storage
      scopes[index].values[identifier] = standIn
      scopes[index].standIns.append(position(of: standIn))
    }
  }
}

extension Recorder {
  /// A node that stands for any value of a type.
  package func makeInput(_ type: TensorType) -> Tensor {
    let position = locked {
      syncEntries()
      return appendLeaf(type, nil, storage: nil)
    }
    return Tensor(storage: adoptNode(Value(position)))
  }
}
