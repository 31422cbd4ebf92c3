import Martlet
import MartletGraph
import MartletProfiling

extension RecordingTrace.Notes {
  /// The variable that a context stands for.
  func variable(_ context: RecordingContext) -> Int? {
    if case .variable(let index)? = origin(context) { index } else { nil }
  }

  /// The layer that a variable belongs to; for the slot of an optimizer, that of the parameter it is for.
  func layer(of variable: Int) -> String {
    let name = variables[variable].name
    if variables[variable] is Parameter { return LayerPaths.holder(of: name) }
    let owner = variables.first { $0 is Parameter && !$0.name.isEmpty && name.hasSuffix(".\($0.name)") }
    return owner.map { LayerPaths.holder(of: $0.name) } ?? LayerPaths.holder(of: name)
  }
}
