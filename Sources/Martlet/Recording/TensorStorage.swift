import MartletGraph
import Synchronization

/// What a ``Tensor`` refers to: a value that has been computed, or the place in a recording where it will be.
///
/// The slot belongs to one recorder at a time and says at which position that recorder knows this value. It is
/// claimed by compare-and-exchange and given up, with release ordering, after `buffer` was written. So a thread that
/// finds the slot free may read `buffer`; one that finds it taken by another recorder asks under that one's lock.
package final class TensorStorage: @unchecked Sendable {
  package let type: TensorType
  package var buffer: Buffer?
  let slot: Atomic<UInt64>

  /// A value that is still to be computed.
  init(type: TensorType, recorder: Int, position: Int) {
    self.type = type
    buffer = nil
    slot = Atomic(Slot(recorder: recorder, position: position).word)
  }

  /// A value that exists.
  package init(type: TensorType, buffer: Buffer) {
    self.type = type
    self.buffer = buffer
    slot = Atomic(Slot.free.word)
  }

  deinit {
    let owner = Slot(word: slot.load(ordering: .relaxed))
    if owner != .free { Recorder.with(identifier: owner.recorder).forget(self, at: owner.position) }
  }
}

/// A recorder and a position in it, in one word.
struct Slot: Equatable {
  var word: UInt64

  static var free: Slot { Slot(word: .max) }

  init(word: UInt64) { self.word = word }
  init(recorder: Int, position: Int) { word = UInt64(recorder) << 40 | UInt64(position) }

  var recorder: Int { Int(word >> 40) }
  var position: Int { Int(word & 0xFF_FFFF_FFFF) }
}
