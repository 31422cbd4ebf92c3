extension Module {
  /// Every parameter and state that the value holds, once, in the order of its fields.
  ///
  /// The first question gives each variable its path as a name.
  public var variables: [Variable] { namedVariables.map(\.variable) }

  /// Every parameter, once, in the order of the fields that hold them.
  public var parameters: [Parameter] { variables.compactMap { $0 as? Parameter } }

  /// Every state, once, in the order of the fields that hold them.
  public var states: [State] { variables.compactMap { $0 as? State } }

  /// Every parameter with its path from here, such as `blocks.3.attention.query.weight`; a shared one has the first.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    namedVariables.compactMap { name, variable in (variable as? Parameter).map { (name, $0) } }
  }

  /// Every variable with its path from here; a shared one has the first.
  public var namedVariables: [(name: String, variable: Variable)] {
    var search = VariableSearch()
    search.visit(self, path: "")
    for (name, variable) in search.found where variable.name.isEmpty { variable.name = name }
    return search.found
  }

  /// Every layer and model inside, itself included, with its path and the name of its type; outer ones first.
  package var modules: [(path: String, type: String)] {
    var search = VariableSearch()
    search.visit(self, path: "")
    return search.modules
  }

  /// The number of elements of all parameters.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.elementCount } }
}

/// Walks through the fields of values, by reflection.
struct VariableSearch {
  private(set) var found: [(name: String, variable: Variable)] = []
  /// The type of the layer that holds each variable directly, and its path.
  private(set) var holders: [ObjectIdentifier: (path: String, type: String)] = [:]
  /// Every layer and model with its path and the name of its type, outer ones first.
  private(set) var modules: [(path: String, type: String)] = []
  private var seen: Set<ObjectIdentifier> = []
  private let visitsRandomStates: Bool

  init(visitsRandomStates: Bool = true) { self.visitsRandomStates = visitsRandomStates }

  mutating func visit(_ value: Any, path: String) {
    if let variable = value as? Variable {
      if seen.insert(ObjectIdentifier(variable)).inserted { found.append((path, variable)) }
      return
    }
    if value is RandomState && !visitsRandomStates { return }
    // The layers of a sequence are counted from its own path: `body.0.weight`.
    if let sequence = value as? Sequential {
      modules.append((path, "Sequential"))
      return visitAll(sequence.layers, path)
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional?: for child in mirror.children { visit(child.value, path: path) }
    case .collection?: visitAll(mirror.children.map(\.value), path)
    case .dictionary?: visitDictionary(mirror, path)
    case .class?:
      if seen.insert(ObjectIdentifier(value as AnyObject)).inserted { visitFields(of: value, mirror, path) }
    case .struct?, .tuple?, .enum?: visitFields(of: value, mirror, path)
    default: break
    }
  }

  private mutating func visitAll(_ values: [Any], _ path: String) {
    for (index, value) in values.enumerated() { visit(value, path: path.appending(String(index))) }
  }

  /// In the order of the keys' descriptions, since a dictionary has none of its own.
  private mutating func visitDictionary(_ mirror: Mirror, _ path: String) {
    let pairs = mirror.children.compactMap { child -> (key: String, value: Any)? in
      let pair = Array(Mirror(reflecting: child.value).children)
      return pair.count == 2 ? (String(describing: pair[0].value), pair[1].value) : nil
    }
    for (key, value) in pairs.sorted(by: { $0.key < $1.key }) { visit(value, path: path.appending(key)) }
  }

  private mutating func visitFields(of value: Any, _ mirror: Mirror, _ path: String) {
    if let parent = mirror.superclassMirror { visitFields(of: value, parent, path) }
    let type = String(describing: Swift.type(of: value))
    if value is any Module { modules.append((path, type)) }
    for child in mirror.children {
      let inner = child.label.map { path.appending(VariableSearch.fieldName($0)) } ?? path
      if let variable = VariableSearch.unwrapped(child.value) as? Variable, holders[ObjectIdentifier(variable)] == nil {
        holders[ObjectIdentifier(variable)] = (path, type)
      }
      visit(child.value, path: inner)
    }
  }

  private static func unwrapped(_ value: Any) -> Any {
    let mirror = Mirror(reflecting: value)
    return mirror.displayStyle == .optional ? mirror.children.first?.value ?? value : value
  }

  /// A field's own name: a wrapper's storage is called `_name`, a tuple's element `.0`.
  private static func fieldName(_ label: String) -> String {
    String(label.drop { $0 == "_" || $0 == "." })
  }
}

extension String {
  fileprivate func appending(_ part: String) -> String { isEmpty ? part : "\(self).\(part)" }
}
