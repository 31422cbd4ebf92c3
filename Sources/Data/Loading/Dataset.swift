/// Samples that can be asked for by number, from any thread.
public protocol Dataset<Element>: Sendable {
  /// One sample.
  associatedtype Element: Sendable

  /// The number of samples.
  var count: Int { get }

  /// The sample at `index`, in `0..<count`.
  ///
  /// - Throws: A ``DataError`` or `FormatError` when the record is bad; the other samples stay usable.
  func element(at index: Int) throws -> Element
}

extension Dataset {
  /// The samples changed by `transform`, each time one is asked for.
  public func map<Result>(_ transform: @escaping @Sendable (Element) throws -> Result) -> MappedDataset<Self, Result> {
    MappedDataset(base: self, transform: transform)
  }

  /// The samples with the given numbers, in that order.
  ///
  /// - Precondition: Every index is in `0..<count`.
  public func selecting(_ indices: [Int]) -> SelectedDataset<Self> { SelectedDataset(base: self, indices: indices) }

  /// Two parts without a common sample, the first with `fraction` of the samples, drawn by `seed`.
  ///
  /// - Precondition: `fraction` is in 0...1.
  public func split(fraction: Double, seed: UInt64) -> (SelectedDataset<Self>, SelectedDataset<Self>) {
    precondition((0...1).contains(fraction), "split: the fraction \(fraction) is not in 0...1")
    let order = permutation(count: count, seed: seed, epoch: 0)
    let cut = Int((Double(count) * fraction).rounded())
    return (selecting(order[..<cut].sorted()), selecting(order[cut...].sorted()))
  }
}

/// A data set seen through a function.
public struct MappedDataset<Base: Dataset, Element: Sendable>: Dataset {
  let base: Base
  let transform: @Sendable (Base.Element) throws -> Element

  public var count: Int { base.count }

  public func element(at index: Int) throws -> Element { try transform(base.element(at: index)) }
}

/// Some of the samples of a data set.
public struct SelectedDataset<Base: Dataset>: Dataset {
  let base: Base
  let indices: [Int]

  init(base: Base, indices: [Int]) {
    if let bad = indices.first(where: { !(0..<base.count).contains($0) }) {
      preconditionFailure("selecting: index \(bad) is outside 0..<\(base.count)")
    }
    self.base = base
    self.indices = indices
  }

  public var count: Int { indices.count }

  public func element(at index: Int) throws -> Base.Element { try base.element(at: indices[index]) }
}

/// Samples in an array.
public struct ArrayDataset<Element: Sendable>: Dataset {
  private let elements: [Element]

  /// A data set of the elements of an array.
  public init(_ elements: [Element]) { self.elements = elements }

  public var count: Int { elements.count }

  public func element(at index: Int) -> Element { elements[index] }
}
