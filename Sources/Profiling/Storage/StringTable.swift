/// Strings by number, each once: in files and traces the same few names come thousands of times.
final class StringTable {
  private(set) var strings: [String] = []
  private var places: [String: Int] = [:]

  /// A table that begins with the given strings.
  init(_ strings: [String] = []) { for string in strings { _ = index(of: string) } }

  /// The number of a string.
  func index(of string: String) -> Int {
    if let known = places[string] { return known }
    places[string] = strings.count
    strings.append(string)
    return strings.count - 1
  }
}
