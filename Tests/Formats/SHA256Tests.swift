import MartletFormats
import Testing

struct SHA256Tests {
  // From FIPS 180-4's examples and NIST's test vectors (SHA256ShortMsg, SHA256LongMsg).
  static let known: [(String, String)] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ]

  @Test(arguments: known)
  func `gives the published digests`(text: String, digest: String) {
    #expect(SHA256.digest(SharedBytes(Array(text.utf8))) == digest)
  }

  @Test func `a million letters give the published digest, in pieces of any size`() {
    let letters = [UInt8](repeating: 0x61, count: 1_000_000)
    for size in [1_000_000, 64, 63, 65, 1000] {
      var hash = SHA256()
      for start in stride(from: 0, to: letters.count, by: size) {
        letters[start..<min(start + size, letters.count)].withUnsafeBytes { hash.update($0) }
      }
      #expect(hash.hexadecimal() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
  }
}
