/// The places and counters of a match, kept so that they need not be allocated each time.
struct RegexScratch {
  /// A way not yet taken: where to go on in the program and in the text; or a run that may give back a scalar.
  fileprivate struct Choice {
    var step: Int32
    var position: Int
    /// For a run: the least position it may be cut to; otherwise -1.
    var least: Int
  }

  fileprivate var choices: [Choice] = []
  fileprivate var marks: [Int] = []
  /// Steps left before the search is given up.
  var budget = Int.max
}

extension RegularExpression {
  /// Where a match that begins at `start` ends; nil if there is none.
  @inline(__always)
  func match(
    _ text: UnsafeBufferPointer<UInt8>, at start: Int, _ scratch: inout RegexScratch
  ) throws(DataError) -> Int? {
    guard start < text.count else { return try match(text, at: start, mask: .max, &scratch) }
    let mask = entriesByByte[Int(text[start])]
    return mask == 0 ? nil : try match(text, at: start, mask: mask, &scratch)
  }

  private func match(
    _ text: UnsafeBufferPointer<UInt8>, at start: Int, mask: UInt64, _ scratch: inout RegexScratch
  ) throws(DataError) -> Int? {
    for (i, entry) in entries.enumerated() where mask >> UInt64(i) & 1 == 1 {
      if scratch.marks.count < markCount { scratch.marks = [Int](repeating: -1, count: markCount) }
      if let end = try run(from: entry, text, start, &scratch) { return end }
    }
    return nil
  }

  private func run(
    from entry: Int, _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ scratch: inout RegexScratch
  ) throws(DataError) -> Int? {
    let floor = scratch.choices.count
    defer { scratch.choices.removeLast(scratch.choices.count - floor) }
    var step = entry
    var position = start
    while true {
      scratch.budget -= 1
      if scratch.budget < 0 { throw DataError("regular expression \(pattern.prefix(200)) takes too long on this text") }
      var holds = true
      switch steps[step] {
      case .match: return position
      case .take(let set):
        if position < text.count {
          let (value, length) = ValidUTF8.scalar(text.baseAddress! + position)
          if sets[set].contains(value) { position += length } else { holds = false }
        } else {
          holds = false
        }
        step += 1
      case .run(let set, let least, let most):
        if let (end, floor) = advance(text, position, set, least, most) {
          scratch.budget -= (end - position) >> 4
          step += 1
          if end > floor { scratch.choices.append(.init(step: Int32(step), position: end, least: floor)) }
          position = end
        } else {
          holds = false
        }
      case .possessiveRun(let set, let least, let most):
        if let (end, _) = advance(text, position, set, least, most) {
          scratch.budget -= (end - position) >> 4
          position = end
        } else {
          holds = false
        }
        step += 1
      case .split(let first, let second):
        scratch.choices.append(.init(step: Int32(second), position: position, least: -1))
        step = first
      case .jump(let target): step = target
      case .look(let end, let isNegative):
        holds = try (run(from: step + 1, text, position, &scratch) != nil) != isNegative
        step = end
      case .lookBehind(let set, let isNegative):
        holds = scalar(before: position, text).map { sets[set].contains($0) } ?? false != isNegative
        step += 1
      case .wordBoundary(let isNegative):
        let before = scalar(before: position, text).map { ScalarClasses($0).contains(.word) } ?? false
        let after =
          position < text.count && ScalarClasses(ValidUTF8.scalar(text.baseAddress! + position).value).contains(.word)
        holds = (before != after) != isNegative
        step += 1
      case .start:
        holds = position == 0
        step += 1
      case .end:
        holds = position == text.count
        step += 1
      case .mark(let index):
        scratch.marks[index] = position
        step += 1
      case .progress(let index):
        holds = scratch.marks[index] != position
        step += 1
      }
      if holds { continue }
      guard scratch.choices.count > floor else { return nil }
      let last = scratch.choices.count - 1
      step = Int(scratch.choices[last].step)
      if scratch.choices[last].least < 0 {
        position = scratch.choices[last].position
        scratch.choices.removeLast()
      } else {
        // The run gives back its last scalar.
        position = scratch.choices[last].position - 1
        while text[position] & 0xC0 == 0x80 { position -= 1 }
        scratch.choices[last].position = position
        if position <= scratch.choices[last].least { scratch.choices.removeLast() }
      }
    }
  }

  /// Takes as many scalars of a set as there are; where that ends, and where the least number would have.
  @inline(__always)
  private func advance(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ set: Int, _ least: Int, _ most: Int
  ) -> (end: Int, floor: Int)? {
    let base = text.baseAddress!
    return sets.withUnsafeBufferPointer { sets in
      var position = start
      var count = 0
      var floor = start
      while count < most, position < text.count {
        let (value, length) = ValidUTF8.scalar(base + position)
        if !sets[set].contains(value) { break }
        position += length
        count += 1
        if count == least { floor = position }
      }
      return count < least ? nil : (position, floor)
    }
  }

  private func scalar(before position: Int, _ text: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard position > 0 else { return nil }
    var first = position - 1
    while text[first] & 0xC0 == 0x80 { first -= 1 }
    return ValidUTF8.scalar(text.baseAddress! + first).value
  }

  /// All matches in a text, from the left, none overlapping; empty ones are left out.
  func matches(in bytes: [UInt8], range: Range<Int>) throws(DataError) -> [Range<Int>] {
    var scratch = RegexScratch()
    // An ordinary pattern takes a few steps for each byte.
    scratch.budget = 2000 + range.count * 200
    var result: [Range<Int>] = []
    try bytes.withUnsafeBufferPointer { (buffer) throws(DataError) in
      let text = UnsafeBufferPointer(rebasing: buffer[range])
      guard text.baseAddress != nil else { return }
      var position = 0
      while position < text.count {
        if let end = try match(text, at: position, &scratch), end > position {
          result.append((range.lowerBound + position)..<(range.lowerBound + end))
          position = end
        } else {
          position += ValidUTF8.length(text[position])
        }
      }
    }
    return result
  }
}
