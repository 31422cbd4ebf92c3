extension ViewTree {
  /// The tree of calls; what a line's derivative and update take stands in children of the line.
  static func code(_ table: OperationTable) -> ViewTree {
    var tree = ViewTree(rootName: table.profile.name)
    var places: [Place: Int] = [:]
    let lines = table.profile.linesOfFrames
    for entry in table.entries.indices {
      let record = table.record(entry)
      let stack = record.stack.map { table.profile.stacks[$0] } ?? []
      var node = 0
      if stack.isEmpty { node = tree.child(of: 0, Place(0, -1, .forward), "(no source line)", nil, &places) }
      for frame in stack.reversed().map({ lines[$0] }) {
        node = tree.child(of: node, Place(node, frame, .forward), table.profile.frames[frame].label, frame, &places)
      }
      if record.phase != .forward {
        let suffix = record.phase == .backward ? " (gradient)" : " (update)"
        let line = tree.nodes[node]
        node = tree.child(of: node, Place(node, -2, record.phase), line.name + suffix, line.frame, &places)
      }
      tree.nodes[node].entries.append(entry)
    }
    return tree
  }

  private struct Place: Hashable {
    let parent: Int
    let frame: Int
    let phase: Phase

    init(_ parent: Int, _ frame: Int, _ phase: Phase) { (self.parent, self.frame, self.phase) = (parent, frame, phase) }
  }

  private mutating func child(
    of parent: Int, _ place: Place, _ name: @autoclosure () -> String, _ frame: Int?, _ places: inout [Place: Int]
  ) -> Int {
    if let known = places[place] { return known }
    let node = add(ViewNode(name: name(), frame: frame), to: parent)
    places[place] = node
    return node
  }
}

extension Profile {
  /// For each frame the first that is on the same line of the same function: columns do not make a place of their own.
  fileprivate var linesOfFrames: [Int] {
    var known: [Frame: Int] = [:]
    return frames.enumerated().map { index, frame in
      var line = frame
      line.column = 0
      let first = known[line] ?? index
      known[line] = first
      return first
    }
  }
}

extension Frame {
  /// `Model.swift:12:callAsFunction`, with long functions cut short.
  public var label: String {
    let name = file.utf8.lastIndex(of: UInt8(ascii: "/")).map { file[file.utf8.index(after: $0)...] } ?? file[...]
    let base = name.isEmpty ? "?" : name
    guard !function.isEmpty else { return "\(base):\(line)" }
    return "\(base):\(line):" + (function.count <= 40 ? function : function.prefix(37) + "...")
  }
}
