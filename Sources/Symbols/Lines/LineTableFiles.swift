/// The names of files in a line table.
struct LineTableFiles {
  /// A file or a directory; its name is decoded only when someone asks, because a table may name one text very often.
  struct File {
    var name: AttributeValue
    var directory: UInt64 = 0
  }

  private let unit: CompilationUnit
  /// The number of the first file and of the first directory: 1 before DWARF 5, which counts from 0.
  private let firstNumber: UInt64
  var directories: [File] = []
  var files: [File] = []
  private var paths: [UInt64: String] = [:]

  init(_ unit: CompilationUnit, firstNumber: UInt64) {
    (self.unit, self.firstNumber) = (unit, firstNumber)
  }

  /// The absolute path of a file; empty where there is none.
  mutating func path(_ file: UInt64) -> String {
    if let known = paths[file] { return known }
    guard file >= firstNumber, file - firstNumber < UInt64(files.count) else { return "" }
    let entry = files[Int(file - firstNumber)]
    guard let name = unit.string(entry.name) else { return "" }
    // Relative paths begin where the compiler ran.
    let path = absolute(absolute(name, in: directory(entry.directory)), in: unit.directory ?? "")
    paths[file] = path
    return path
  }

  private func directory(_ number: UInt64) -> String {
    guard number >= firstNumber, number - firstNumber < UInt64(directories.count) else { return "" }
    return unit.string(directories[Int(number - firstNumber)].name) ?? ""
  }

  private func absolute(_ path: String, in directory: String) -> String {
    if path.hasPrefix("/") || directory.isEmpty { return path }
    return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
  }
}
