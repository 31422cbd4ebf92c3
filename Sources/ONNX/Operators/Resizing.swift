import Martlet
import MartletGraph

extension OperatorTable {
  /// Images in other sizes.
  static let resizing: [Operator] = [
    Operator("Resize", fixed: [1, 2, 3]) { call in
      let isOld = call.version < 11
      let scales = try call.optionalReals(isOld ? 1 : 2).flatMap { $0.isEmpty ? nil : $0 }
      let sizes = isOld ? nil : try call.optionalIntegers(3).flatMap { $0.isEmpty ? nil : $0 }
      return [try resized(&call, scales: scales, sizes: sizes, regions: isOld ? nil : call.optionalReals(1))]
    },
    Operator("Upsample", versions: 1...9, fixed: [1]) { call in
      let scales = try call.optionalFloats("scales") ?? call.reals(1)
      return [try resized(&call, scales: scales, sizes: nil, regions: nil)]
    },
  ]

  private static func resized(
    _ call: inout Call, scales: [Double]?, sizes: [Int]?, regions: [Double]?
  ) throws -> ONNXValue {
    let numbers = try call.numbers(0)
    let shape = numbers.tensor.shape
    let axes = try call.axes(call.optionalInts("axes") ?? Array(0..<shape.rank), rank: shape.rank)
    let plan = try ResizePlan(call, shape, axes: axes, scales: scales, sizes: sizes, regions: regions)
    var x = numbers.tensor
    let isWhole = !x.dtype.isFloatingPoint && plan.rule.mode != .nearest
    if isWhole { x = x.cast(to: .float32) }
    var outside: Tensor?
    for line in plan.lines where !line.isIdentity {
      if plan.rule.mode == .nearest {
        x = x.gathered(at: Tensor(line.nearest(plan.rule)), axis: line.axis)
      } else {
        let weights = Tensor(try line.weights(plan.rule), shape: [line.new, line.old]).cast(to: x.dtype)
        x = tensordot(x, weights, leftAxes: [line.axis], rightAxes: [1]).movedAxis(from: -1, to: line.axis)
      }
      if plan.rule.coordinates == .cropped {
        var form = Array(repeating: 1, count: shape.rank)
        form[line.axis] = line.new
        let flags = Tensor(line.isOutside(plan.rule)).reshaped(to: Shape(form))
        outside = outside.map { $0 | flags } ?? flags
      }
    }
    if let outside { x = select(outside, plan.rule.valueOutside, x) }
    if isWhole {
      x = round(x).clipped(to: numbers.elementType.integerRange ?? -1e18...1e18).cast(to: numbers.tensor.dtype)
    }
    return .tensor(try ONNXTensor(computed: x, as: numbers.elementType))
  }
}

/// How positions of a new image are those of the old one, and what is between its pixels.
struct ResizeRule {
  enum Mode { case nearest, linear, cubic }
  enum Coordinates {
    case halfPixel, halfPixelPyTorch, halfPixelSymmetric, alignedCorners, asymmetric, cropped, halfPixelTF
  }
  enum Rounding { case floor, ceil, preferFloor, preferCeil }

  var mode = Mode.nearest
  var coordinates = Coordinates.halfPixel
  var rounding = Rounding.preferFloor
  /// The coefficient of Keys's cubic.
  var cubic = -0.75
  /// Whether pixels outside do not count, instead of those at the border being repeated.
  var excludesOutside = false
  var isAntialiased = false
  /// What is beyond the image where a region reaches out of it.
  var valueOutside = 0.0

  init(_ call: Call) throws {
    let name = try call.string("mode", default: "nearest")
    switch name {
    case "nearest": mode = .nearest
    case "linear", "bilinear": mode = .linear
    case "cubic": mode = .cubic
    default: throw call.unknown("mode", name)
    }
    // The first versions knew but one rule.
    if call.version < 11 {
      (coordinates, rounding) = (.asymmetric, .floor)
      return
    }
    coordinates = try ResizeRule.coordinates(call)
    rounding = try ResizeRule.rounding(call)
    cubic = try call.float("cubic_coeff_a", default: -0.75)
    excludesOutside = try call.flag("exclude_outside")
    isAntialiased = try call.flag("antialias")
    valueOutside = try call.float("extrapolation_value", default: 0)
  }

  private static func coordinates(_ call: Call) throws -> Coordinates {
    let name = try call.string("coordinate_transformation_mode", default: "half_pixel")
    switch name {
    case "half_pixel": return .halfPixel
    case "pytorch_half_pixel": return .halfPixelPyTorch
    case "half_pixel_symmetric": return .halfPixelSymmetric
    case "align_corners": return .alignedCorners
    case "asymmetric": return .asymmetric
    case "tf_crop_and_resize": return .cropped
    case "tf_half_pixel_for_nn": return .halfPixelTF
    default: throw call.unknown("coordinate_transformation_mode", name)
    }
  }

  private static func rounding(_ call: Call) throws -> Rounding {
    let name = try call.string("nearest_mode", default: "round_prefer_floor")
    switch name {
    case "floor": return .floor
    case "ceil": return .ceil
    case "round_prefer_floor": return .preferFloor
    case "round_prefer_ceil": return .preferCeil
    default: throw call.unknown("nearest_mode", name)
    }
  }
}

/// One axis of an image that changes its size.
struct ResizeLine {
  let axis, old, new: Int
  /// New pixels for each old one.
  let scale: Double
  /// The part of the axis that is looked at, from 0 to 1.
  let region: (start: Double, end: Double)
  let isIdentity: Bool

  /// Where a new pixel is among the old ones.
  func position(_ place: Int, _ rule: ResizeRule) -> Double {
    let (x, size) = (Double(place), Double(old))
    let exact = scale * size
    switch rule.coordinates {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .halfPixelPyTorch: return exact == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      return size / 2 * (1 - Double(new) / exact) + (x + 0.5) / scale - 0.5
    case .halfPixelTF: return (x + 0.5) / scale
    case .alignedCorners: return exact == 1 ? 0 : x * (size - 1) / (exact - 1)
    case .asymmetric: return x / scale
    case .cropped:
      let span = (region.end - region.start) * (size - 1)
      return region.start * (size - 1) + (exact == 1 ? span / 2 : x * span / (exact - 1))
    }
  }

  func isOutside(_ rule: ResizeRule) -> [Bool] {
    (0..<new).map {
      let position = position($0, rule)
      return position < 0 || position > Double(old - 1)
    }
  }

  func nearest(_ rule: ResizeRule) -> [Int] {
    (0..<new).map { place in
      let position = position(place, rule)
      let rounded: Double
      switch rule.rounding {
      case .floor: rounded = position.rounded(.down)
      case .ceil: rounded = position.rounded(.up)
      case .preferFloor: rounded = (position - 0.5).rounded(.up)
      case .preferCeil: rounded = (position + 0.5).rounded(.down)
      }
      return Int(min(max(rounded, 0), Double(old - 1)))
    }
  }

  /// How much each old pixel takes part in each new one: `[new, old]`.
  func weights(_ rule: ResizeRule) throws -> [Double] {
    guard new * old <= 1 << 27 else { throw ONNXError(.limit, "an axis of \(old) cannot be interpolated to \(new)") }
    var result = [Double](repeating: 0, count: new * old)
    // Where the image shrinks and is smoothed, the kernel is stretched over the pixels that fall together.
    let shrinking = rule.isAntialiased ? min(scale, 1) : 1
    let radius = rule.mode == .linear ? 1.0 : 2.0
    let first = Int((-radius / shrinking).rounded(.down)) + 1
    let last = 1 - first
    for place in 0..<new {
      let position = position(place, rule)
      // A region may reach far out of the image.
      let base = min(max(position.rounded(.up) - 1, -0x1p40), 0x1p40)
      let share = position - base
      var taps: [(place: Int, weight: Double)] = []
      for offset in first...last {
        let distance = (Double(offset) - share).magnitude * shrinking
        taps.append((Int(base) + offset, kernel(distance, rule)))
      }
      if rule.excludesOutside { taps.removeAll { $0.place < 0 || $0.place >= old } }
      let isNormalized = rule.excludesOutside || rule.isAntialiased
      let sum = isNormalized ? taps.reduce(0) { $0 + $1.weight } : 1
      for tap in taps { result[place * old + min(max(tap.place, 0), old - 1)] += tap.weight / sum }
    }
    return result
  }

  /// The weight of a pixel at a distance.
  private func kernel(_ x: Double, _ rule: ResizeRule) -> Double {
    if rule.mode == .linear { return max(1 - x, 0) }
    let a = rule.cubic
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}

/// All axes of an image that changes its size.
struct ResizePlan {
  let rule: ResizeRule
  let lines: [ResizeLine]

  init(
    _ call: Call, _ shape: Shape, axes: [Int], scales: [Double]?, sizes: [Int]?, regions: [Double]?
  ) throws {
    rule = try ResizeRule(call)
    let old = axes.map { shape[$0] }
    guard (scales == nil) != (sizes == nil), (scales?.count ?? sizes!.count) == axes.count else {
      throw ONNXError(.mismatch, "scales or sizes are needed, one for each of the axes \(axes)")
    }
    var factors = scales ?? zip(sizes!, old).map { Double($0) / Double(max($1, 1)) }
    guard factors.allSatisfy({ $0 > 0 && $0 <= 0x1p40 }), old.allSatisfy({ $0 > 0 }) else {
      throw ONNXError(.mismatch, "\(shape) cannot be scaled by \(factors)")
    }
    func whole(_ size: Double) throws -> Int {
      guard size >= 0, size < 0x1p40 else { throw ONNXError(.limit, "a size of \(size) is too large") }
      return Int(size.rounded(.down))
    }
    var new = try sizes ?? zip(factors, old).map { try whole($0 * Double($1)) }
    let policy = try call.string("keep_aspect_ratio_policy", default: "stretch")
    if sizes != nil, policy != "stretch" {
      guard policy == "not_larger" || policy == "not_smaller" else {
        throw call.unknown("keep_aspect_ratio_policy", policy)
      }
      let common = policy == "not_larger" ? factors.min()! : factors.max()!
      factors = factors.map { _ in common }
      new = try old.map { try whole(common * Double($0) + 0.5) }
    }
    var target = Array(shape)
    for (axis, size) in zip(axes, new) { target[axis] = size }
    _ = try call.shape(target)
    let named = regions ?? []
    guard rule.coordinates != .cropped || named.count == 2 * axes.count, named.allSatisfy(\.isFinite) else {
      throw ONNXError(.mismatch, "a region for the axes \(axes) has \(2 * axes.count) finite numbers")
    }
    let isCropped = rule.coordinates == .cropped
    lines = axes.indices.map { i in
      let region = isCropped ? (named[i], named[i + axes.count]) : (0.0, 1.0)
      let isIdentity = old[i] == new[i] && factors[i] == 1 && (!isCropped || region == (0, 1))
      return ResizeLine(
        axis: axes[i], old: old[i], new: new[i], scale: factors[i], region: region, isIdentity: isIdentity)
    }
  }
}
