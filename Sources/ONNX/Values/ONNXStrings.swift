public import Martlet

/// Texts in the form of a tensor, row-major.
public struct ONNXStrings: Sendable, Hashable {
  /// The sizes of the dimensions.
  public let shape: Shape
  /// The texts; as many as the shape has elements.
  public let elements: [String]
  /// Whether the value is the same at every call of the model.
  var isConstant = false

  /// Texts of the given shape.
  ///
  /// - Precondition: As many texts as the shape has elements.
  public init(_ elements: [String], shape: Shape) {
    precondition(shape.checkedElementCount == elements.count, "\(elements.count) texts do not fill \(shape)")
    self.elements = elements
    self.shape = shape
  }

  /// The texts as numbers, the positions of the first among equals, so that functions of places apply to them.
  var codes: (tensor: Tensor, table: [String]) {
    var table: [String] = []
    var places: [String: Int] = [:]
    let codes = elements.map { text -> Int in
      if let place = places[text] { return place }
      places[text] = table.count
      table.append(text)
      return table.count - 1
    }
    return (Tensor(codes, shape: shape), table)
  }

  public static func == (a: ONNXStrings, b: ONNXStrings) -> Bool { a.shape == b.shape && a.elements == b.elements }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(shape)
    hasher.combine(elements)
  }
}
