import MartletGraph
import MartletKernels

extension martlet_attention {
  /// The shape of a call's attention over dense operands.
  init(_ call: Call, query: Shape, key: Shape, value: Shape, mask: Shape?) {
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
    self.query = martlet_attention.strides(query)
    self.key = martlet_attention.strides(key)
    self.value = martlet_attention.strides(value)
    output = martlet_attention.strides([query[0], query[1], query[2], value[3]])
    if let mask { mask_strides = martlet_attention.strides(mask) }
  }

  private static func strides(_ shape: Shape) -> martlet_attention_strides {
    let dense = shape.rowMajorStrides
    func step(_ i: Int) -> Int { shape[i] == 1 ? 0 : dense[i] }
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
  let hasMask: Bool
  let results: [Int32]
  let site: Site
  let summary: String

  private var rows: Int { attention.batch * attention.heads * attention.queries }

  func run(_ frame: Frame) throws(ExecutionError) {
    let logSumGradient = floats(operands.count - 1, frame)
    if (0..<rows).allSatisfy({ logSumGradient[$0] == 0 }) { return try runKernel(frame) }
    try site.rethrow { () throws(ExecutionError) in
      let session = try PlannedRegion.Session(body, frame.engine)
      for index in operands.indices { session.inputs[index] = frame.address(operands[index]) }
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
    let outputCount = rows * attention.value_size
    let byteCount = (outputCount + rows) * MemoryLayout<Float>.size
    let workspace = try frame.engine.workspace(byteCount: byteCount)
    defer { frame.engine.pool.give(workspace, byteCount) }
    let output = workspace.assumingMemoryBound(to: Float.self)
    func result(_ index: Int) -> UnsafeMutablePointer<Float> {
      frame.address(results[index]).assumingMemoryBound(to: Float.self)
    }
    let (query, key, value) = (floats(0, frame), floats(1, frame), floats(2, frame))
    var status = martlet_attention_forward_f32(&attention, query, key, value, output, output + outputCount)
    if status == MARTLET_OK {
      status = martlet_attention_backward_f32(
        &attention, query, key, value, output, output + outputCount, floats(operands.count - 2, frame), result(0),
        result(1), result(2))
    }
    if status != MARTLET_OK { throw site.outOfMemory("attention gradient", frame.engine) }
  }
}
