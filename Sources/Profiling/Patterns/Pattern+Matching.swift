extension Pattern {
  /// Whether the expression matches all of `text`.
  ///
  /// - Complexity: O(*n* · *m*) for *n* characters and *m* instructions.
  package func matches(_ text: String) -> Bool {
    var current = Threads(instructions.count)
    var following = Threads(instructions.count)
    var previous: Unicode.Scalar?
    var scalars = text.unicodeScalars.makeIterator()
    var next = scalars.next()
    follow(0, &current, previous, next)
    while let scalar = next {
      if current.places.isEmpty { return false }
      next = scalars.next()
      previous = scalar
      following.removeAll()
      for place in current.places {
        guard case .character(let set) = instructions[place], set.contains(scalar) else { continue }
        follow(place + 1, &following, previous, next)
      }
      swap(&current, &following)
    }
    return current.isAccepting
  }

  /// Instructions that have been reached, each once.
  private struct Threads {
    /// Those that wait for a character.
    var places: [Int] = []
    var isAccepting = false
    private var mark = 1
    private var marks: [Int]

    init(_ count: Int) { marks = [Int](repeating: 0, count: count) }

    mutating func removeAll() {
      places.removeAll(keepingCapacity: true)
      isAccepting = false
      mark += 1
    }

    /// Whether the instruction was reached for the first time.
    mutating func reach(_ place: Int) -> Bool {
      if marks[place] == mark { return false }
      marks[place] = mark
      return true
    }
  }

  /// Follows everything that takes no character.
  private func follow(_ start: Int, _ threads: inout Threads, _ previous: Unicode.Scalar?, _ next: Unicode.Scalar?) {
    var pending = [start]
    while let place = pending.popLast() {
      guard threads.reach(place) else { continue }
      switch instructions[place] {
      case .character: threads.places.append(place)
      case .accept: threads.isAccepting = true
      case .jump(let target): pending.append(target)
      case .split(let first, let second): pending += [second, first]
      case .place(let condition): if condition.holds(previous, next) { pending.append(place + 1) }
      }
    }
  }
}

extension Pattern.Place {
  fileprivate func holds(_ previous: Unicode.Scalar?, _ next: Unicode.Scalar?) -> Bool {
    switch self {
    case .start: previous == nil
    case .end: next == nil
    case .wordBoundary: isBoundary(previous, next)
    case .noWordBoundary: !isBoundary(previous, next)
    }
  }

  private func isBoundary(_ previous: Unicode.Scalar?, _ next: Unicode.Scalar?) -> Bool {
    (previous.map(CharacterSet.word.contains) ?? false) != (next.map(CharacterSet.word.contains) ?? false)
  }
}
