import MartletGraph
import MartletKernels

extension martlet_attention {
  /// The shape of a call's attention; `views` are the strides of query, key and value. Everything else is dense.
  init(_ call: Call, query: Shape, key: Shape, value: Shape, mask: Shape?, views: [Shape]) {
    self.init()
    batch = query[0]
    queries = query[1]
    heads = query[2]
    head_size = query[3]
    keys = key[1]
    value_size = value[3]
    scale = Float(call.attributes[0])
    is_causal = call.attributes[1] != 0
    causal_offset = key[1] - query[1]
    self.query = martlet_attention.strides(query, views[0])
    self.key = martlet_attention.strides(key, views[1])
    self.value = martlet_attention.strides(value, views[2])
    query_gradient = martlet_attention.strides(query)
    key_gradient = martlet_attention.strides(key)
    value_gradient = martlet_attention.strides(value)
    output = martlet_attention.strides([query[0], query[1], query[2], value[3]])
    if let mask { mask_strides = martlet_attention.strides(mask) }
  }

  private static func strides(_ shape: Shape, _ view: Shape? = nil) -> martlet_attention_strides {
    let strides = view ?? shape.rowMajorStrides
    func step(_ i: Int) -> Int { shape[i] == 1 ? 0 : strides[i] }
    return martlet_attention_strides(at: (step(0), step(1), step(2), step(3)))
  }
}

/// Attention without the matrix of scores.
struct AttentionStep: Step {
  // The pointer in it stays null here; a run sets that of its own copy.
  nonisolated(unsafe) let attention: martlet_attention
  let operands: [Placed]
  let hasMask: Bool
  let results: [Int32]
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    var attention = attention
    func floats(_ index: Int) -> UnsafeMutablePointer<Float> {
      frame.address(operands[index]).assumingMemoryBound(to: Float.self)
    }
    if hasMask { attention.mask = UnsafePointer(floats(3)) }
    let status = martlet_attention_forward_f32(
      &attention, floats(0), floats(1), floats(2), frame.address(results[0]).assumingMemoryBound(to: Float.self),
      frame.address(results[1]).assumingMemoryBound(to: Float.self))
    if status != MARTLET_OK { throw site.outOfMemory("attention", frame.engine) }
  }
}

/// The gradients of attention by query, key and value.
///
/// The kernel takes the gradient of the output only. Where that of the log-sum-exp is not 0, which only values can
/// show, the body runs instead.
struct AttentionGradientStep: Step {
  // The pointer in it stays null here; a run sets that of its own copy.
  nonisolated(unsafe) let attention: martlet_attention
  let body: PlannedRegion
  let operands: [Placed]
  /// Query, key and value, which are read by strides.
  let views: [StridedOperand]
  /// Output and log-sum-exp of the forward pass, where the program has it.
  let saved: (output: Placed, logSums: Placed)?
  let hasMask: Bool
  let results: [Int32]
  let site: Site
  let summary: String

  var bodies: [PlannedRegion] { [body] }

  private var rows: Int { attention.batch * attention.heads * attention.queries }

  func run(_ frame: Frame) throws(ExecutionError) {
    let logSumGradient = floats(operands.count - 1, frame)
    if (0..<rows).allSatisfy({ logSumGradient[$0] == 0 }) { return try runKernel(frame) }
    try site.rethrow { () throws(ExecutionError) in
      let session = try PlannedRegion.Session(body, frame)
      let byteCount = views.reduce(0) { $0 + $1.type.sizeInBytes }
      let dense = try frame.engine.workspace(byteCount: byteCount)
      defer { frame.engine.pool.give(dense, byteCount) }
      var place = dense
      for index in operands.indices { session.inputs[index] = frame.address(operands[index]) }
      for (index, view) in views.enumerated() {
        let shape = view.type.shape
        Layout.copy(
          shape, view.type.dtype.sizeInBytes, from: view.address(frame), view.strides, to: place, shape.rowMajorStrides)
        session.inputs[index] = place
        place += view.type.sizeInBytes
      }
      for index in results.indices { session.outputs[index] = frame.address(results[index]) }
      try session.run()
    }
  }

  private func floats(_ index: Int, _ frame: Frame) -> UnsafeMutablePointer<Float> {
    frame.address(operands[index]).assumingMemoryBound(to: Float.self)
  }

  private func runKernel(_ frame: Frame) throws(ExecutionError) {
    var attention = attention
    if hasMask { attention.mask = UnsafePointer(floats(3, frame)) }
    if let saved {
      func floats(_ placed: Placed) -> UnsafeMutablePointer<Float> {
        frame.address(placed).assumingMemoryBound(to: Float.self)
      }
      return try runBackward(&attention, floats(saved.output), floats(saved.logSums), frame)
    }
    let outputCount = rows * attention.value_size
    let byteCount = (outputCount + rows) * MemoryLayout<Float>.size
    let workspace = try frame.engine.workspace(byteCount: byteCount)
    defer { frame.engine.pool.give(workspace, byteCount) }
    let output = workspace.assumingMemoryBound(to: Float.self)
    let status = martlet_attention_forward_f32(
      &attention, floats(0, frame), floats(1, frame), floats(2, frame), output, output + outputCount)
    if status != MARTLET_OK { throw site.outOfMemory("attention gradient", frame.engine) }
    try runBackward(&attention, output, output + outputCount, frame)
  }

  private func runBackward(
    _ attention: inout martlet_attention, _ output: UnsafeMutablePointer<Float>,
    _ logSums: UnsafeMutablePointer<Float>, _ frame: Frame
  ) throws(ExecutionError) {
    func result(_ index: Int) -> UnsafeMutablePointer<Float> {
      frame.address(results[index]).assumingMemoryBound(to: Float.self)
    }
    let status = martlet_attention_backward_f32(
      &attention, floats(0, frame), floats(1, frame), floats(2, frame), output, logSums,
      floats(operands.count - 2, frame), result(0), result(1), result(2))
    if status != MARTLET_OK { throw site.outOfMemory("attention gradient", frame.engine) }
  }
}
