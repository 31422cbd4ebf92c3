/// A matrix of doubles for the reference interpretation of dense algebra: short algorithms, one element at a time.
struct ReferenceMatrix {
  let rows: Int
  let columns: Int
  /// Row-major.
  var values: [Double]

  init(_ rows: Int, _ columns: Int, _ values: [Double]) {
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  init(identity size: Int, columns: Int) {
    self.init(size, columns, (0..<(size * columns)).map { $0 / columns == $0 % columns ? 1 : 0 })
  }

  subscript(i: Int, j: Int) -> Double {
    get { values[i * columns + j] }
    set { values[i * columns + j] = newValue }
  }

  var transposed: ReferenceMatrix {
    ReferenceMatrix(columns, rows, (0..<(rows * columns)).map { self[$0 % rows, $0 / rows] })
  }

  var symmetricPart: ReferenceMatrix {
    ReferenceMatrix(rows, columns, zip(values, transposed.values).map { ($0 + $1) / 2 })
  }

  func column(_ j: Int) -> [Double] { (0..<rows).map { self[$0, j] } }

  mutating func setColumn(_ j: Int, _ column: [Double]) { for i in 0..<rows { self[i, j] = column[i] } }

  mutating func swapRows(_ i: Int, _ k: Int) {
    for j in 0..<columns { values.swapAt(i * columns + j, k * columns + j) }
  }

  /// Turns columns `p` and `q`: (p, q) becomes (c p - s q, s p + c q).
  mutating func rotateColumns(_ p: Int, _ q: Int, _ c: Double, _ s: Double) {
    for i in 0..<rows {
      let (x, y) = (self[i, p], self[i, q])
      self[i, p] = c * x - s * y
      self[i, q] = s * x + c * y
    }
  }
}

func dotProduct(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

extension ReferenceMatrix {
  /// The lower factor, or the first pivot that is not positive.
  func choleskyFactor() -> (ReferenceMatrix, (index: Int, value: Double)?) {
    let a = symmetricPart
    var l = ReferenceMatrix(rows, rows, Array(repeating: 0, count: rows * rows))
    for i in 0..<rows {
      for j in 0...i {
        let rest = a[i, j] - (0..<j).reduce(0) { $0 + l[i, $1] * l[j, $1] }
        if i == j && !(rest > 0) { return (l, (i, rest)) }
        l[i, j] = i == j ? rest.squareRoot() : rest / l[j, j]
      }
    }
    return (l, nil)
  }

  /// Gauss's elimination with the largest pivot of each column.
  func luFactors() -> (ReferenceMatrix, [Int]) {
    var a = self
    var order = Array(0..<rows)
    for k in 0..<min(rows, columns) {
      var best = k
      for i in k..<rows where a[i, k].magnitude > a[best, k].magnitude { best = i }
      a.swapRows(k, best)
      order.swapAt(k, best)
      if a[k, k] == 0 { continue }
      for i in (k + 1)..<max(rows, k + 1) {
        a[i, k] /= a[k, k]
        for j in (k + 1)..<max(columns, k + 1) { a[i, j] -= a[i, k] * a[k, j] }
      }
    }
    return (a, order)
  }

  /// Householder's reflections, applied to the matrix and gathered from the identity.
  func qrFactors(isComplete: Bool) -> (ReferenceMatrix, ReferenceMatrix) {
    let kept = isComplete ? rows : min(rows, columns)
    var r = self
    var q = ReferenceMatrix(identity: rows, columns: rows)
    for k in 0..<min(rows, columns) {
      var v = (0..<rows).map { $0 < k ? 0 : r[$0, k] }
      let rest = v.dropFirst(k + 1).reduce(0) { $0 + $1 * $1 }
      if rest == 0 { continue }
      let norm = (v[k] * v[k] + rest).squareRoot()
      v[k] += v[k] > 0 ? norm : -norm
      let square = dotProduct(v, v)
      for j in 0..<columns {
        let factor = 2 * dotProduct(v, r.column(j)) / square
        r.setColumn(j, zip(r.column(j), v).map { $0 - factor * $1 })
      }
      for i in 0..<rows {
        let row = (0..<rows).map { q[i, $0] }
        let factor = 2 * dotProduct(v, row) / square
        for j in 0..<rows { q[i, j] -= factor * v[j] }
      }
    }
    let left = (0..<(rows * kept)).map { q[$0 / kept, $0 % kept] }
    let right = (0..<(kept * columns)).map { $0 / columns > $0 % columns ? 0 : r[$0 / columns, $0 % columns] }
    return (ReferenceMatrix(rows, kept, left), ReferenceMatrix(kept, columns, right))
  }

  /// Jacobi's rotations until nothing is left beside the diagonal.
  func symmetricEigen() -> ([Double], ReferenceMatrix) {
    if values.contains(where: { !$0.isFinite }) {
      return (Array(repeating: .nan, count: rows), ReferenceMatrix(rows, rows, values.map { _ in .nan }))
    }
    var a = symmetricPart
    var vectors = ReferenceMatrix(identity: rows, columns: rows)
    for _ in 0..<60 {
      for p in 0..<rows {
        for q in (p + 1)..<max(rows, p + 1) where a[p, q] != 0 {
          let theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
          let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          a.rotateColumns(p, q, c, t * c)
          a = a.transposed
          a.rotateColumns(p, q, c, t * c)
          a = a.transposed
          vectors.rotateColumns(p, q, c, t * c)
        }
      }
    }
    let order = (0..<rows).sorted { a[$0, $0] < a[$1, $1] }
    var sorted = vectors
    for (place, j) in order.enumerated() { sorted.setColumn(place, ReferenceMatrix.oriented(vectors.column(j)).0) }
    return (order.map { a[$0, $0] }, sorted)
  }

  /// A vector whose largest component is positive, and whether it was turned.
  static func oriented(_ x: [Double]) -> ([Double], Bool) {
    var largest = 0.0
    for value in x where value.magnitude > largest.magnitude { largest = value }
    return largest < 0 ? (x.map { -$0 }, true) : (x, false)
  }

  /// Hestenes's rotations of columns until they are orthogonal: their lengths are the singular values.
  func singularValues() -> (ReferenceMatrix, [Double], ReferenceMatrix) {
    let least = min(rows, columns)
    if values.contains(where: { !$0.isFinite }) {
      let fill = { (m: Int, n: Int) in ReferenceMatrix(m, n, Array(repeating: .nan, count: m * n)) }
      return (fill(rows, least), Array(repeating: .nan, count: least), fill(least, columns))
    }
    if rows < columns {
      let (u, s, vt) = transposed.tallSingularValues()
      return ReferenceMatrix.orientedFactors(vt.transposed, s, u.transposed)
    }
    let (u, s, vt) = tallSingularValues()
    return ReferenceMatrix.orientedFactors(u, s, vt)
  }

  private static func orientedFactors(
    _ u: ReferenceMatrix, _ s: [Double], _ vt: ReferenceMatrix
  ) -> (ReferenceMatrix, [Double], ReferenceMatrix) {
    var (left, right) = (u, vt)
    for j in s.indices {
      let (column, isTurned) = oriented(u.column(j))
      left.setColumn(j, column)
      if isTurned { for i in 0..<vt.columns { right[j, i] = -vt[j, i] } }
    }
    return (left, s, right)
  }

  private func tallSingularValues() -> (ReferenceMatrix, [Double], ReferenceMatrix) {
    var a = self
    var v = ReferenceMatrix(identity: columns, columns: columns)
    for _ in 0..<60 {
      for p in 0..<columns {
        for q in (p + 1)..<max(columns, p + 1) {
          let (x, y) = (a.column(p), a.column(q))
          let product = dotProduct(x, y)
          if product == 0 { continue }
          let theta = (dotProduct(y, y) - dotProduct(x, x)) / (2 * product)
          let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          a.rotateColumns(p, q, c, t * c)
          v.rotateColumns(p, q, c, t * c)
        }
      }
    }
    let lengths = (0..<columns).map { dotProduct(a.column($0), a.column($0)).squareRoot() }
    let order = (0..<columns).sorted { lengths[$0] > lengths[$1] }
    let largest = lengths.max() ?? 0
    var (u, turned) = (a, v)
    for (place, j) in order.enumerated() {
      turned.setColumn(place, v.column(j))
      let isZero = lengths[j] <= largest * 1e-150
      let known = (0..<place).map { u.column($0) }
      u.setColumn(place, isZero ? a.perpendicular(to: known) : a.column(j).map { $0 / lengths[j] })
    }
    return (u, order.map { lengths[$0] }, turned.transposed)
  }

  /// A vector of length 1 that is perpendicular to others.
  private func perpendicular(to others: [[Double]]) -> [Double] {
    for axis in 0..<rows {
      var x = (0..<rows).map { $0 == axis ? 1.0 : 0 }
      for _ in 0..<2 {
        for other in others {
          let product = dotProduct(x, other)
          x = zip(x, other).map { $0 - product * $1 }
        }
      }
      let length = dotProduct(x, x).squareRoot()
      if length > 0.1 / Double(rows).squareRoot() { return x.map { $0 / length } }
    }
    return Array(repeating: 0, count: rows)
  }
}
