/// A JSON value (RFC 8259).
///
/// Integers are exact; the members of an object keep the order in which they were written.
public enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number without fraction and exponent that fits in `Int`.
  case integer(Int)
  /// Any other number.
  case number(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

/// The members of a JSON object, in the order in which they were added.
///
/// Names are the same only if their bytes are: an "é" of one scalar and one of two are different names.
public struct JSONObject: Sendable {
  /// Names and values, in order.
  public private(set) var members: [(key: String, value: JSON)] = []
  /// Where each name is, once there are so many that searching all of them would take longer.
  private var places: [Name: Int] = [:]

  private static let searchedCount = 8

  /// A name that is compared by its bytes, where strings would take an "é" of one scalar and one of two as the same.
  private struct Name: Hashable, Sendable {
    let text: String

    static func == (a: Name, b: Name) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }

  /// An object without members.
  public init() {}

  /// The number of members.
  public var count: Int { members.count }

  /// The names of the members, in order.
  public var keys: [String] { members.map(\.key) }

  /// The member with the given name; setting nil removes it, and a new name goes to the end.
  public subscript(key: String) -> JSON? {
    get { index(of: key).map { members[$0].value } }
    set {
      let place = index(of: key)
      if let newValue { set(key, to: newValue, at: place) } else if let place { remove(at: place) }
    }
  }

  func index(of key: String) -> Int? {
    if members.count > JSONObject.searchedCount { return places[Name(text: key)] }
    return members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
  }

  /// Sets the member at `place`, or adds one.
  mutating func set(_ key: String, to value: JSON, at place: Int?) {
    if let place {
      members[place].value = value
      return
    }
    members.append((key, value))
    if members.count > JSONObject.searchedCount + 1 {
      places[Name(text: key)] = members.count - 1
    } else if members.count == JSONObject.searchedCount + 1 {
      countPlaces()
    }
  }

  private mutating func remove(at place: Int) {
    members.remove(at: place)
    places.removeAll()
    if members.count > JSONObject.searchedCount { countPlaces() }
  }

  private mutating func countPlaces() {
    for (place, member) in members.enumerated() { places[Name(text: member.key)] = place }
  }
}

extension JSONObject: Hashable {
  /// Whether both have the same members; their order does not count.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.count == b.count && a.members.allSatisfy { b[$0.key] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    // A sum, because the order does not count.
    var sum = 0
    for member in members {
      var own = Hasher()
      own.combine(member.key)
      own.combine(member.value)
      sum &+= own.finalize()
    }
    hasher.combine(sum)
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(nilLiteral: ()) { self = .null }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
}

extension JSON {
  /// The member of an object; nil for other values and for missing members. Setting turns other values into an object.
  public subscript(key: String) -> JSON? {
    get { objectValue?[key] }
    set {
      var object = objectValue ?? JSONObject()
      object[key] = newValue
      self = .object(object)
    }
  }

  /// The element of an array; nil for other values and outside of the array.
  public subscript(index: Int) -> JSON? {
    guard let elements = arrayValue, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  /// The value if it is true or false.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The value if it is an integer.
  public var intValue: Int? { if case .integer(let value) = self { value } else { nil } }

  /// The value if it is a number, an integer too, or one of the strings that stand for those JSON cannot write.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    default: nil
    }
  }

  /// The value if it is a string.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

  /// The elements if it is an array.
  public var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }

  /// The members if it is an object.
  public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }
}
