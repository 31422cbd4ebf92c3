/// A profile seen in one of the four ways, filtered and added up.
public struct ProfileView: Sendable {
  /// Which way.
  public let kind: ViewKind
  /// What was counted and shown.
  public let options: ProfileOptions
  /// What is shown, each node before those below it; the first is the root.
  public let rows: [ProfileRow]
  /// What was counted and what was not.
  public let coverage: ProfileCoverage
  let table: OperationTable
}

extension Profile {
  /// Looks at the profile in one of the four ways.
  ///
  /// - Throws: ``ProfileError`` for an expression that cannot be read or a step that was not recorded.
  /// - Complexity: O(*n* log *n*) for *n* operations and kernel times.
  public func view(_ kind: ViewKind, _ options: ProfileOptions = ProfileOptions()) throws(ProfileError) -> ProfileView {
    let table = try OperationTable(self, step: options.step)
    return try view(kind, options, of: table)
  }

  func view(
    _ kind: ViewKind, _ options: ProfileOptions, of table: OperationTable
  ) throws(ProfileError) -> ProfileView {
    let types = try NameFilter(options.accountedTypes, option: "account_type_regexes")
    let filter = try ViewFilter(kind, options)
    var tree =
      switch kind {
      case .scope: ViewTree.scope(table)
      case .graph: ViewTree.graph(table)
      case .code: ViewTree.code(table)
      case .op: ViewTree.operations(table)
      }
    tree.account(table, types, splicesOut: kind == .graph)
    filter.apply(to: &tree)
    return ProfileView(
      kind: kind, options: options, rows: tree.rows(table), coverage: ProfileCoverage(table, step: options.step),
      table: table)
  }
}

extension ViewTree {
  /// The nodes that are left, each before those below it.
  fileprivate func rows(_ table: OperationTable) -> [ProfileRow] {
    var rows: [ProfileRow] = []
    var pending: [(node: Int, parent: Int?)] = [(0, nil)]
    while let (index, parent) = pending.popLast() {
      let node = nodes[index]
      let operations = node.entries.map {
        ProfileRow.Operation(program: table.entries[$0].program, index: table.entries[$0].index)
      }
      rows.append(
        ProfileRow(
          name: node.name, level: parent.map { rows[$0].level + 1 } ?? 0, parent: parent, isAccounted: node.isAccounted,
          operations: operations, frame: node.frame, own: node.own, total: node.total))
      for child in node.children.reversed() { pending.append((child, rows.count - 1)) }
    }
    return rows
  }
}
