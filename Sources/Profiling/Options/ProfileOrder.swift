/// What a report sorts siblings by: a value of `order_by`.
///
/// Names ascend, depths too; columns descend.
public enum ProfileOrder: Sendable, Hashable {
  case name
  case depth
  /// The number that a column shows.
  case column(ProfileColumn)

  /// All orders: by name, by depth, and by each column of numbers.
  public static let allCases: [ProfileOrder] =
    [.name, .depth] + ProfileColumn.allCases.filter(\.isNumber).map { .column($0) }

  /// The order that the command line calls so; dashes and underscores are the same.
  init(option: String, text: some StringProtocol) throws(ProfileError) {
    let name = text.replacingDashes()
    guard let order = ProfileOrder.allCases.first(where: { $0.description == name }) else {
      let known = ProfileOrder.allCases.map(\.description).joined(separator: ", ")
      throw ProfileError(.unknownName, option, "there is no order \"\(text)\"; there are \(known)")
    }
    self = order
  }
}

extension ProfileOrder: CustomStringConvertible {
  /// The value of `order_by`.
  public var description: String {
    switch self {
    case .name: "name"
    case .depth: "depth"
    case .column(let column): column.rawValue
    }
  }
}
