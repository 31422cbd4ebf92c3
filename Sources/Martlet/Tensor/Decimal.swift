/// A decimal number taken from Swift's shortest text of a float, to be written in another layout.
struct Decimal {
  private var isNegative = false
  /// Without leading or trailing zeros; empty for zero.
  private var digits: [UInt8] = []
  /// The number is 0.digits · 10^exponent.
  private var exponent = 0
  /// `inf` or `nan`, when it is not a number.
  private var special: String?

  /// Reads Swift's `description` of a float.
  init(_ text: String) {
    var body = Substring(text)
    if body.first == "-" {
      isNegative = true
      body = body.dropFirst()
    }
    guard body.first?.isNumber == true else {
      special = body.hasPrefix("inf") ? "inf" : "nan"
      return
    }
    let parts = body.split(separator: "e")
    let pieces = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    digits = pieces.joined().utf8.map { $0 - 48 }
    exponent = pieces[0].utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    normalize()
  }

  private mutating func normalize() {
    let leading = digits.prefix { $0 == 0 }.count
    digits.removeFirst(leading)
    exponent -= leading
    while digits.last == 0 { digits.removeLast() }
    if digits.isEmpty { exponent = 0 }
  }

  /// The number with at most `count` digits.
  func rounded(toDigits count: Int) -> Decimal {
    guard count < digits.count, special == nil else { return self }
    var result = self
    guard count >= 0 else {
      result.digits = []
      result.exponent = 0
      return result
    }
    let roundsUp = digits[count] >= 5
    result.digits.removeSubrange(count...)
    if roundsUp {
      var index = count - 1
      while index >= 0 && result.digits[index] == 9 {
        result.digits[index] = 0
        index -= 1
      }
      if index >= 0 {
        result.digits[index] += 1
      } else {
        result.digits.insert(1, at: 0)
        result.exponent += 1
      }
    }
    result.normalize()
    return result
  }

  /// The number as a double.
  var value: Double {
    if let special { return special == "inf" ? (isNegative ? -.infinity : .infinity) : .nan }
    return Double("\(isNegative ? "-" : "")0.\(text(digits[...]))e\(exponent)") ?? .nan
  }

  /// What stands up to the decimal point, point included, and what follows it; at most 8 places.
  func parts() -> (whole: String, fraction: String) {
    if let special { return (special == "nan" ? "nan" : sign + special, "") }
    let number = rounded(toDigits: exponent + 8)
    let places = max(number.exponent, 0)
    let whole = number.digits.prefix(places) + Array(repeating: 0, count: max(places - number.digits.count, 0))
    let zeros = number.digits.isEmpty ? 0 : max(-number.exponent, 0)
    let fraction = Array(repeating: 0, count: zeros) + number.digits.dropFirst(places)
    return ("\(sign)\(whole.isEmpty ? "0" : text(whole[...])).", text(fraction[...]))
  }

  /// How many places of the number follow the first digit; at most 8.
  var scientificPlaces: Int { special == nil ? max(rounded(toDigits: 9).digits.count - 1, 0) : 0 }

  /// The number with a power of ten, with zeros up to `places` places, taken apart like ``parts()``.
  func scientificParts(places: Int) -> (whole: String, fraction: String) {
    if special != nil { return parts() }
    let number = rounded(toDigits: 9)
    let power = number.digits.isEmpty ? 0 : number.exponent - 1
    let exponent = "\(power.magnitude)"
    let tail = "e\(power < 0 ? "-" : "+")\(exponent.count < 2 ? "0" : "")\(exponent)"
    let whole = number.digits.first.map { "\($0)" } ?? "0"
    let zeros = String(repeating: "0", count: max(places - scientificPlaces, 0))
    return ("\(sign)\(whole).", text(number.digits.dropFirst()) + zeros + tail)
  }

  private var sign: String { isNegative ? "-" : "" }

  private func text(_ digits: ArraySlice<UInt8>) -> String {
    String(decoding: digits.map { $0 + 48 }, as: UTF8.self)
  }
}
