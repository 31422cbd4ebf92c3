/// Where a report goes, and as what: a value of `output`.
public enum ProfileOutput: Sendable, Hashable {
  /// Nowhere; the view is only returned.
  case none
  /// Text on standard output.
  case standardOutput
  /// Text in a file.
  case file(String)
  /// A trace that Perfetto and Chrome show; the number of the step is added to the path.
  case timeline(String)
  /// What `pprof` reads; only of the code view.
  case pprof(String)
  /// The nodes as JSON.
  case json(String)
  /// The nodes as comma-separated values.
  case csv(String)
  /// The whole profile as one page for a browser.
  case html(String)

  /// Reads `stdout`, `none`, or `file:outfile=PATH` and the like.
  public init(_ text: String) throws(ProfileError) {
    if text == "none" {
      self = .none
      return
    }
    if text == "stdout" {
      self = .standardOutput
      return
    }
    let (kind, path) = try ProfileOutput.split(text)
    switch kind {
    case "file": self = .file(path)
    case "timeline": self = .timeline(path)
    case "pprof": self = .pprof(path)
    case "json": self = .json(path)
    case "csv": self = .csv(path)
    case "html": self = .html(path)
    default:
      throw ProfileError(
        .unknownName, "output",
        "there is no output \"\(kind)\"; there are stdout, none, file, timeline, pprof, json, csv, html")
    }
  }

  private static func split(_ text: String) throws(ProfileError) -> (kind: String, path: String) {
    guard let colon = text.firstIndex(of: ":") else {
      throw ProfileError(
        .badValue, "output", "\"\(text)\" is neither stdout nor none nor like file:outfile=PATH")
    }
    var path = text[text.index(after: colon)...]
    guard path.hasPrefix("outfile=") else {
      throw ProfileError(.badValue, "output", "\"\(text)\" lacks \"outfile=\" behind the colon")
    }
    path = path.dropFirst("outfile=".count)
    guard !path.isEmpty else { throw ProfileError(.badValue, "output", "\"\(text)\" names no file") }
    return (String(text[..<colon]), String(path))
  }
}

extension ProfileOutput: CustomStringConvertible {
  /// The text that ``init(_:)`` reads.
  public var description: String {
    switch self {
    case .none: "none"
    case .standardOutput: "stdout"
    case .file(let path): "file:outfile=\(path)"
    case .timeline(let path): "timeline:outfile=\(path)"
    case .pprof(let path): "pprof:outfile=\(path)"
    case .json(let path): "json:outfile=\(path)"
    case .csv(let path): "csv:outfile=\(path)"
    case .html(let path): "html:outfile=\(path)"
    }
  }
}
