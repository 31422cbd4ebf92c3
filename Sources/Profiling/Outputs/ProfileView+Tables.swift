import MartletFormats

extension ProfileView {
  /// The shown nodes as a tree of JSON objects, with exact numbers; times are microseconds.
  public var json: JSON {
    let columns = ProfileColumn.allCases.filter { options.columns.contains($0) }
    var children: [[JSON]] = rows.map { _ in [] }
    var root = JSON.null
    for (i, row) in rows.enumerated().reversed() {
      var node = JSONObject()
      node["name"] = .string(row.name)
      node["isAccounted"] = .bool(row.isAccounted)
      for column in columns {
        if column.isNumber {
          node[column.rawValue] = row.isAccounted ? .number(row.own(column)) : .null
          node["total_" + column.rawValue] = .number(row.total(column))
          if column == .occurrence {
            node["definitions"] = row.isAccounted ? .integer(row.definitions) : .null
            node["total_definitions"] = .integer(row.totalDefinitions)
          }
        } else if column != .tensorValue {
          node[column.rawValue] = .string(text(column, row))
        }
      }
      if !children[i].isEmpty { node["children"] = .array(children[i].reversed()) }
      if let parent = row.parent { children[parent].append(.object(node)) } else { root = .object(node) }
    }
    return root
  }

  /// The shown nodes as comma-separated values, a line each, with exact numbers; times are microseconds.
  public var commaSeparatedValues: String {
    let columns = ProfileColumn.allCases.filter { options.columns.contains($0) && $0 != .tensorValue }
    var text = "level,name"
    for column in columns {
      text += column.isNumber ? ",\(column.rawValue),total_\(column.rawValue)" : ",\(column.rawValue)"
    }
    text += "\r\n"
    for row in rows {
      text += "\(row.level),\(ProfileView.field(row.name))"
      for column in columns {
        if column.isNumber {
          text += "," + (row.isAccounted ? "\(row.own(column))" : "") + ",\(row.total(column))"
        } else {
          text += "," + ProfileView.field(self.text(column, row))
        }
      }
      text += "\r\n"
    }
    return text
  }

  /// A field, in quotes where it needs them (RFC 4180).
  private static func field(_ text: String) -> String {
    // Scalars, because a carriage return and a line feed are one character.
    let special: Set<Unicode.Scalar> = ["\"", ",", "\r", "\n"]
    guard text.unicodeScalars.contains(where: special.contains) else { return text }
    return "\"" + text.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
}
