import MartletGraph

/// A named call for which there is a kernel; every other call is inlined.
struct FusedCall {
  init?(_ call: Call, _ node: Node) { nil }
}
