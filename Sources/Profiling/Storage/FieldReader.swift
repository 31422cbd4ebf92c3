import MartletFormats
import MartletGraph

/// Takes the fields of one record, in order, and checks each.
struct FieldReader {
  /// The largest time, size and count in a file: sums of thousands of them still fit.
  static let largest = 1 << 50

  private let values: [JSON]
  private var position = 0
  /// What the record is, for messages.
  let subject: String
  private let file: String
  private let strings: [String]

  init(_ value: JSON?, _ subject: String, file: String, strings: [String]) throws(FormatError) {
    guard let values = value?.arrayValue else {
      throw FormatError(.malformed, file: file, "\(subject) is not a list")
    }
    (self.values, self.subject, self.file, self.strings) = (values, subject, file, strings)
  }

  /// Whether there are no more fields.
  var isAtEnd: Bool { position == values.count }

  func error(_ message: String) -> FormatError {
    FormatError(.malformed, file: file, "\(subject), field \(position): \(message)")
  }

  private mutating func next() throws(FormatError) -> JSON {
    guard position < values.count else { throw error("is missing") }
    position += 1
    return values[position - 1]
  }

  /// A whole number in a range.
  mutating func int(_ range: ClosedRange<Int> = 0...FieldReader.largest) throws(FormatError) -> Int {
    guard let value = try next().intValue else { throw error("is not a whole number") }
    guard range.contains(value) else {
      throw error("\(value) is outside of \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  /// A whole number in a range, or nothing.
  mutating func optionalInt(_ range: ClosedRange<Int> = 0...FieldReader.largest) throws(FormatError) -> Int? {
    if try takeNull() { return nil }
    return try int(range)
  }

  /// An index into a list of so many items.
  mutating func index(below count: Int) throws(FormatError) -> Int {
    guard count > 0 else { throw error("refers to an empty list") }
    return try int(0...(count - 1))
  }

  /// An index into a list of so many items, or nothing.
  mutating func optionalIndex(below count: Int) throws(FormatError) -> Int? {
    if try takeNull() { return nil }
    return try index(below: count)
  }

  private mutating func takeNull() throws(FormatError) -> Bool {
    let value = try next()
    if value == .null { return true }
    position -= 1
    return false
  }

  /// A finite number that is not negative.
  mutating func number() throws(FormatError) -> Double {
    let value = try next().doubleValue
    guard let value, value.isFinite, value >= 0 else { throw error("is not a number from 0") }
    return value
  }

  /// A part of a whole, from 0 to 1.
  mutating func share() throws(FormatError) -> Double {
    let share = try number()
    guard share <= 1 else { throw error("\(share) is more than all") }
    return share
  }

  /// Any number, infinities and what is not a number too.
  mutating func anyNumber() throws(FormatError) -> Double {
    guard let value = try next().doubleValue else { throw error("is not a number") }
    return value
  }

  /// A finite number that is not negative, or nothing.
  mutating func optionalNumber() throws(FormatError) -> Double? { try takeNull() ? nil : try number() }

  /// Yes or no.
  mutating func bool() throws(FormatError) -> Bool {
    guard let value = try next().boolValue else { throw error("is neither true nor false") }
    return value
  }

  /// A string of the table.
  mutating func text() throws(FormatError) -> String { strings[try index(below: strings.count)] }

  /// A string of the table, or nothing.
  mutating func optionalText() throws(FormatError) -> String? { try takeNull() ? nil : try text() }

  /// A string that stands here itself.
  mutating func ownText() throws(FormatError) -> String {
    guard let value = try next().stringValue else { throw error("is not a string") }
    return value
  }

  /// A case of an enumeration.
  mutating func value<Value: RawRepresentable<String>>(_: Value.Type) throws(FormatError) -> Value {
    let name = try text()
    guard let value = Value(rawValue: name) else { throw error("\(FormatError.quoted(name)) is not known") }
    return value
  }

  /// The element type and shape of a tensor.
  mutating func tensorType() throws(FormatError) -> TensorType {
    var fields = try record("type")
    let dtype = try fields.elementType()
    var shape: [Int] = []
    var count = 1
    while !fields.isAtEnd {
      guard shape.count < 8 else { throw fields.error("is one dimension too many") }
      shape.append(try fields.int())
      let (product, overflow) = count.multipliedReportingOverflow(by: max(shape.last!, 1))
      guard !overflow, product <= FieldReader.largest else { throw fields.error("makes too many elements") }
      count = product
    }
    return TensorType(dtype, Shape(shape))
  }

  /// An element type.
  mutating func elementType() throws(FormatError) -> DType {
    let name = try text()
    guard let dtype = DType.allCases.first(where: { $0.description == name }) else {
      throw error("there is no element type \(FormatError.quoted(name))")
    }
    return dtype
  }

  /// A record inside.
  mutating func record(_ subject: String) throws(FormatError) -> FieldReader {
    try FieldReader(try next(), "\(self.subject), \(subject)", file: file, strings: strings)
  }

  /// A list of records inside.
  mutating func list<Item>(
    _ subject: String, _ read: (inout FieldReader) throws(FormatError) -> Item
  ) throws(FormatError) -> [Item] {
    guard let records = try next().arrayValue else { throw error("is not a list") }
    var items: [Item] = []
    for (i, record) in records.enumerated() {
      var fields = try FieldReader(record, "\(self.subject), \(subject) \(i)", file: file, strings: strings)
      items.append(try read(&fields))
    }
    return items
  }

  /// A list whose items are so many fields each, without brackets of their own.
  mutating func flatList<Item>(
    _ subject: String, _ read: (inout FieldReader) throws(FormatError) -> Item
  ) throws(FormatError) -> [Item] {
    var fields = try record(subject)
    var items: [Item] = []
    while !fields.isAtEnd { items.append(try read(&fields)) }
    return items
  }
}
