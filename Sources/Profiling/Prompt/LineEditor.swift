import MartletFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads lines from a terminal that can be edited, completed and recalled; from anything else it reads plain lines.
public final class LineEditor {
  private var history: [String] = []
  private let historyPath: String?
  private static let longestHistory = 1000

  /// - Parameter historyPath: The file that keeps lines from one session to the next; nil for none.
  public init(historyPath: String?) {
    self.historyPath = historyPath
    guard let historyPath, let bytes = try? FileSystem.read(historyPath), bytes.count < 1 << 20 else { return }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(LineEditor.longestHistory)
    history = lines.map(String.init)
  }

  /// Where the history of the user's home is kept; nil without a home.
  public static var defaultHistoryPath: String? {
    getenv("HOME").map { String(cString: $0) + "/.martlet_profile_history" }
  }

  /// Whether a person types.
  public static var isTerminal: Bool { isatty(0) == 1 && isatty(1) == 1 }

  /// The next line without its end; nil when there are no more.
  public func line(prompt: String, complete: @escaping (String) -> [String]) -> String? {
    guard LineEditor.isTerminal else { return readLine() }
    var saved = termios()
    guard tcgetattr(0, &saved) == 0 else { return readLine() }
    var raw = saved
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
    raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
    guard tcsetattr(0, TCSAFLUSH, &raw) == 0 else { return readLine() }
    defer { tcsetattr(0, TCSAFLUSH, &saved) }
    return edit(prompt, complete)
  }

  private func edit(_ prompt: String, _ complete: @escaping (String) -> [String]) -> String? {
    var buffer = LineBuffer(history: history, complete: complete)
    let decoder = KeyDecoder {
      var byte: UInt8 = 0
      return FileSystem.retrying({ read(0, &byte, 1) }) == 1 ? byte : nil
    }
    show(prompt, buffer)
    while let key = decoder.key() {
      switch buffer.take(key) {
      case .edited: break
      case .ready:
        put("\r\n")
        remember(buffer.text)
        return buffer.text
      case .cancelled:
        put("^C\r\n")
        buffer = LineBuffer(history: history, complete: complete)
      case .end:
        put("\r\n")
        return nil
      case .choices(let names): put("\r\n" + names.joined(separator: "  ") + "\r\n")
      }
      show(prompt, buffer)
    }
    return nil
  }

  /// Writes the line anew and puts the cursor in its place.
  private func show(_ prompt: String, _ buffer: LineBuffer) {
    let back = buffer.characters.count - buffer.cursor
    put("\r" + prompt + buffer.text + "\u{1B}[K" + (back > 0 ? "\u{1B}[\(back)D" : ""))
  }

  private func put(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let count = FileSystem.retrying { write(1, bytes.baseAddress! + written, bytes.count - written) }
        if count <= 0 { return }
        written += count
      }
    }
  }

  private func remember(_ line: String) {
    guard !line.allSatisfy(\.isWhitespace), line != history.last else { return }
    history.append(line)
    guard let historyPath else { return }
    let text = history.suffix(LineEditor.longestHistory).map { $0 + "\n" }.joined()
    // A history that cannot be kept is no reason to stop.
    try? AtomicFile.write(text, to: historyPath)
  }
}
