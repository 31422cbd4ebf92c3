/// The five row filters of PNG, undone and applied.
enum PNGFilter {
  /// Replaces filtered rows by their original bytes, in place.
  ///
  /// - Parameters:
  ///   - start: Where the first row's filter byte is; rows follow each other without gaps.
  ///   - step: Bytes from one pixel to the next, at least 1.
  /// - Returns: False if a row names a filter that does not exist.
  static func undo(
    _ bytes: inout MutableSpan<UInt8>, from start: Int, rows: Int, rowBytes: Int, step: Int
  ) -> Bool {
    for row in 0..<rows {
      let here = start + row * (rowBytes + 1) + 1
      let above = row == 0 ? nil : here - rowBytes - 1
      switch (bytes[here - 1], above) {
      case (0, _), (2, nil): break
      case (1, _), (4, nil): addLeft(&bytes, here, rowBytes, step)
      case (2, let above?): for i in 0..<rowBytes { bytes[here + i] &+= bytes[above + i] }
      case (3, _): addAverage(&bytes, here, above, rowBytes, step)
      case (4, let above?): addPaeth(&bytes, here, above, rowBytes, step)
      default: return false
      }
    }
    return true
  }

  private static func addLeft(_ bytes: inout MutableSpan<UInt8>, _ here: Int, _ count: Int, _ step: Int) {
    var i = step
    while i < count {
      bytes[here + i] &+= bytes[here + i - step]
      i += 1
    }
  }

  private static func addAverage(
    _ bytes: inout MutableSpan<UInt8>, _ here: Int, _ above: Int?, _ count: Int, _ step: Int
  ) {
    for i in 0..<count {
      let left = i < step ? 0 : UInt16(bytes[here + i - step])
      let up = above.map { UInt16(bytes[$0 + i]) } ?? 0
      bytes[here + i] &+= UInt8((left + up) / 2)
    }
  }

  private static func addPaeth(
    _ bytes: inout MutableSpan<UInt8>, _ here: Int, _ above: Int, _ count: Int, _ step: Int
  ) {
    for i in 0..<count {
      let left = i < step ? 0 : bytes[here + i - step]
      let corner = i < step ? 0 : bytes[above + i - step]
      bytes[here + i] &+= paeth(left, bytes[above + i], corner)
    }
  }

  /// Whichever of the three neighbors is nearest to `left + up - corner`; ties go in the order of the arguments.
  private static func paeth(_ left: UInt8, _ up: UInt8, _ corner: UInt8) -> UInt8 {
    let toLeft = abs(Int(up) - Int(corner))
    let toUp = abs(Int(left) - Int(corner))
    let toCorner = abs(Int(left) + Int(up) - 2 * Int(corner))
    if toLeft <= toUp, toLeft <= toCorner { return left }
    return toUp <= toCorner ? up : corner
  }

  /// The rows of a picture, each behind the filter that makes the sum of its absolute differences smallest.
  static func apply(to image: Image) -> [UInt8] {
    let step = image.channels
    let rowBytes = image.width * step
    var result: [UInt8] = []
    result.reserveCapacity(image.height * (rowBytes + 1))
    var above = [UInt8](repeating: 0, count: rowBytes)
    for row in 0..<image.height {
      let here = Array(image.pixels[(row * rowBytes)..<((row + 1) * rowBytes)])
      var best: (cost: Int, filter: UInt8, bytes: [UInt8]) = (Int.max, 0, [])
      for filter: UInt8 in 0..<5 {
        let bytes = filtered(here, above, filter, step)
        let cost = bytes.reduce(0) { $0 + abs(Int(Int8(bitPattern: $1))) }
        if cost < best.cost { best = (cost, filter, bytes) }
      }
      result.append(best.filter)
      result += best.bytes
      above = here
    }
    return result
  }

  private static func filtered(_ here: [UInt8], _ above: [UInt8], _ filter: UInt8, _ step: Int) -> [UInt8] {
    if filter == 0 { return here }
    var result = here
    for i in here.indices {
      let left = i < step ? 0 : here[i - step]
      let corner = i < step ? 0 : above[i - step]
      let guess =
        switch filter {
        case 1: left
        case 2: above[i]
        case 3: UInt8((UInt16(left) + UInt16(above[i])) / 2)
        default: paeth(left, above[i], corner)
        }
      result[i] = here[i] &- guess
    }
    return result
  }
}
