import MartletFormats

extension ProfileView {
  /// Sends the view where its options say.
  ///
  /// - Parameter print: Takes what goes to standard output.
  /// - Returns: A line that says what was written, if that was a file.
  /// - Throws: ``ProfileError`` if the view has no such output, `FormatError` if a file cannot be written.
  @discardableResult
  public func write(print: (String) -> Void) throws -> String? {
    switch options.output {
    case .none: return nil
    case .standardOutput:
      print(report)
      return nil
    case .file(let path): return try save(report, path)
    case .timeline(let path):
      let steps = try table.profile.steps(numbered: options.step)
      var writer = try TraceWriter(self)
      return try save(writer.trace(of: steps), options.step >= 0 ? "\(path)_\(options.step)" : path)
    case .pprof(let path):
      var writer = try PprofWriter(self)
      try AtomicFile.write(writer.file(), to: path)
      return "Wrote \(path); look at it with: go tool pprof -sample_index=1 -http=: \(path)"
    case .json(let path): return try save(json.serialized() + "\n", path)
    case .csv(let path): return try save(commaSeparatedValues, path)
    case .html(let path): return try save(table.profile.page(), path)
    }
  }

  private func save(_ text: String, _ path: String) throws(FormatError) -> String {
    try AtomicFile.write(text, to: path)
    return "Wrote \(path)"
  }
}
