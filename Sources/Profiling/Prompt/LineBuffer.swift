/// A line that is being edited: what keys do to it.
package struct LineBuffer {
  /// What a key leads to.
  package enum Outcome: Equatable {
    /// The line changed; show it again.
    case edited
    /// The line is ready.
    case ready
    /// The line was given up.
    case cancelled
    /// There is nothing more to come.
    case end
    /// Several completions, to be shown.
    case choices([String])
  }

  package private(set) var characters: [Character] = []
  /// Where the next character goes.
  package private(set) var cursor = 0
  private let history: [String]
  /// The line of the history that is shown; behind its end, the one being written.
  private var place: Int
  private var written: [Character] = []
  private let complete: (String) -> [String]

  package init(history: [String], complete: @escaping (String) -> [String]) {
    (self.history, self.complete, place) = (history, complete, history.count)
  }

  package var text: String { String(characters) }

  /// Takes one key.
  package mutating func take(_ key: Key) -> Outcome {
    switch key {
    case .character(let character):
      characters.insert(character, at: cursor)
      cursor += 1
    case .enter: return .ready
    case .interrupt: return .cancelled
    case .endOrDelete:
      if characters.isEmpty { return .end }
      deleteForward()
    case .delete: deleteForward()
    case .backspace:
      if cursor > 0 {
        cursor -= 1
        characters.remove(at: cursor)
      }
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(characters.count, cursor + 1)
    case .home: cursor = 0
    case .last: cursor = characters.count
    case .killToEnd: characters.removeSubrange(cursor...)
    case .killToStart:
      characters.removeSubrange(..<cursor)
      cursor = 0
    case .killWord: killWord()
    case .up: recall(place - 1)
    case .down: recall(place + 1)
    case .tab: return completeLine()
    case .other: break
    }
    return .edited
  }

  private mutating func deleteForward() {
    if cursor < characters.count { characters.remove(at: cursor) }
  }

  private mutating func killWord() {
    var start = cursor
    while start > 0, characters[start - 1] == " " { start -= 1 }
    while start > 0, characters[start - 1] != " " { start -= 1 }
    characters.removeSubrange(start..<cursor)
    cursor = start
  }

  private mutating func recall(_ wanted: Int) {
    guard wanted >= 0, wanted <= history.count, wanted != place else { return }
    if place == history.count { written = characters }
    place = wanted
    characters = wanted == history.count ? written : Array(history[wanted])
    cursor = characters.count
  }

  private mutating func completeLine() -> Outcome {
    let before = String(characters[..<cursor])
    let lines = complete(before)
    guard let first = lines.first else { return .edited }
    var common = Array(first)
    for line in lines.dropFirst() { common = Array(zip(common, line).prefix { $0 == $1 }.map(\.0)) }
    if lines.count == 1, !first.hasSuffix("=") { common.append(" ") }
    if common.count > cursor {
      characters.replaceSubrange(..<cursor, with: common)
      cursor = common.count
      return .edited
    }
    return lines.count > 1 ? .choices(lines.map { String($0.split(separator: " ").last ?? "") }) : .edited
  }
}

/// A key of the keyboard.
package enum Key: Equatable {
  case character(Character)
  case enter, interrupt, endOrDelete, delete, backspace, left, right, home, last, killToEnd, killToStart, killWord
  case up, down, tab, other
}

/// Turns the bytes that a terminal sends into keys.
package struct KeyDecoder {
  private let next: () -> UInt8?

  /// - Parameter next: Gives the next byte, nil at the end.
  package init(next: @escaping () -> UInt8?) { self.next = next }

  /// The next key; nil at the end of input.
  package func key() -> Key? {
    guard let byte = next() else { return nil }
    switch byte {
    case 1: return .home
    case 2: return .left
    case 3: return .interrupt
    case 4: return .endOrDelete
    case 5: return .last
    case 6: return .right
    case 8, 127: return .backspace
    case 9: return .tab
    case 10, 13: return .enter
    case 11: return .killToEnd
    case 14: return .down
    case 16: return .up
    case 21: return .killToStart
    case 23: return .killWord
    case 27: return escape()
    case 0..<32: return .other
    case 32..<127: return .character(Character(Unicode.Scalar(byte)))
    default: return scalar(byte)
    }
  }

  private func scalar(_ first: UInt8) -> Key {
    var bytes = [first]
    let count = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0
    for _ in 0..<count { if let byte = next() { bytes.append(byte) } }
    return String(decoding: bytes, as: UTF8.self).first.map { .character($0) } ?? .other
  }

  private func escape() -> Key {
    guard let kind = next(), kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else { return .other }
    var digits: [UInt8] = []
    while let byte = next() {
      if byte >= 0x40 { return sequence(byte, digits) }
      digits.append(byte)
      if digits.count > 8 { break }
    }
    return .other
  }

  private func sequence(_ final: UInt8, _ digits: [UInt8]) -> Key {
    switch (Character(Unicode.Scalar(final)), String(decoding: digits, as: UTF8.self)) {
    case ("A", _): .up
    case ("B", _): .down
    case ("C", _): .right
    case ("D", _): .left
    case ("H", _), ("~", "1"), ("~", "7"): .home
    case ("F", _), ("~", "4"), ("~", "8"): .last
    case ("~", "3"): .delete
    default: .other
    }
  }
}
