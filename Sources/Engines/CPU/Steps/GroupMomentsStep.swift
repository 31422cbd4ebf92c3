import MartletGraph
import MartletKernels

/// The mean and the variance of groups of channels.
struct GroupMomentsStep: Step {
  /// `[batch, positions, channels]`.
  let shape: Shape
  let groups: Int
  let source: Placed
  let results: [Int32]
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    func floats(_ address: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
      address.assumingMemoryBound(to: Float.self)
    }
    let status = martlet_group_moments_f32(
      shape[0], shape[1], shape[2], groups, floats(frame.address(source)), floats(frame.address(results[0])),
      floats(frame.address(results[1])))
    if status != 0 { throw site.outOfMemory("group moments", frame.engine) }
  }
}
