import MartletData
import MartletFormats
import MartletSamples

/// Two novels that come with the package, in the public domain.
public enum TextSamples {
  /// Jane Austen's *Pride and Prejudice* to train on, and *Persuasion* to measure on.
  ///
  /// - Throws: `FormatError` if they cannot be decompressed.
  public static func load() throws -> (training: String, heldOut: String) {
    (
      try text(martlet_samples_pride_and_prejudice_gzip, "pride_and_prejudice.txt.gz"),
      try text(martlet_samples_persuasion_gzip, "persuasion.txt.gz")
    )
  }

  private static func text(
    _ content: (UnsafeMutablePointer<Int>?) -> UnsafePointer<UInt8>?, _ name: String
  ) throws -> String {
    var size = 0
    let start = content(&size)
    let bytes = try Gzip.decompress(SharedBytes(Array(UnsafeBufferPointer(start: start, count: size))), file: name)
    return String(decoding: bytes, as: UTF8.self)
  }
}
