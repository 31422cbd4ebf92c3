import MartletFormats

/// What the sources of a folder declare as public, read from their text: for tests that leave nothing out.
///
/// A declaration begins a line, as the formatter has it.
package struct PublicNames: Sendable {
  /// Functions and static functions, without operators.
  package private(set) var functions: Set<String> = []
  /// Structures, classes, enumerations and protocols; with the protocols that each states.
  package private(set) var types: [String: Set<String>] = [:]
  /// First labels of initializers.
  package private(set) var initializers: Set<String> = []

  /// - Parameter folder: Below the root of the repository, such as `Sources/Martlet/Functions`.
  package init(folder: String) throws {
    let path = "\(PublicNames.root)/\(folder)"
    for name in try FileSystem.contents(of: path) where name.hasSuffix(".swift") { try add("\(path)/\(name)") }
  }

  /// The root of the repository.
  package static var root: String {
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
  }

  /// The lines of a file below the root.
  package static func lines(of path: String) throws -> [Substring] {
    String(decoding: try FileSystem.read(path), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  }

  private mutating func add(_ path: String) throws {
    let lines = try PublicNames.lines(of: path)
    for (number, line) in lines.enumerated() {
      var words = line.drop { $0 == " " }.split(separator: " ")[...]
      guard words.popFirst() == "public" else { continue }
      while let word = words.first, ["static", "final", "indirect", "convenience", "mutating"].contains(word) {
        words.removeFirst()
      }
      guard let kind = words.first else { continue }
      let rest = words.dropFirst().joined(separator: " ")
      switch kind {
      case "func": if !rest.identifier.isEmpty { functions.insert(rest.identifier) }
      case "struct", "class", "enum", "protocol": types[rest.identifier, default: []].formUnion(rest.conformances)
      default:
        guard kind.hasPrefix("init(") else { continue }
        let label = kind.dropFirst("init(".count)
        let next = number + 1 < lines.count ? lines[number + 1].drop { $0 == " " } : ""
        initializers.insert((label.isEmpty ? next : label).identifier)
      }
    }
  }
}

extension StringProtocol {
  /// The identifier that this begins with.
  package var identifier: String { String(prefix { $0.isLetter || $0.isNumber || $0 == "_" }) }

  /// The words behind the colon of a declaration of a type.
  fileprivate var conformances: [String] {
    guard let colon = firstIndex(of: ":") else { return [] }
    return self[colon...].split(whereSeparator: { !($0.isLetter || $0.isNumber) }).map { String($0) }
  }
}
