extension HostileTokenizer {
  private static func table(_ name: String, _ text: String, _ message: String) -> HostileTokenizer {
    HostileTokenizer(.tiktoken, name, Array(text.utf8), message)
  }

  /// All single bytes but one, in base64 with their numbers.
  private static func singleBytes(without missing: Int? = nil) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return (0..<256).filter { $0 != missing }.map { "\(letters[$0 >> 2])\(letters[($0 & 3) << 4])== \($0)\n" }.joined()
  }

  static let tiktoken: [HostileTokenizer] = [
    table("nothing", "", "no token for the byte 0"),
    table("a byte missing", singleBytes(without: 65), "no token for the byte 65"),
    table("the last byte missing", singleBytes(without: 255), "no token for the byte 255"),
    table("a word alone", "x", "line 1 is no token"),
    table("a token without number", "YQ==", "line 1 is no token"),
    table("a token and a space", "YQ== ", "line 1 is no token"),
    table("no base64", "!!!! 1", "line 1 is no token"),
    table("base64 cut short", "YQ= 1", "line 1 is no token"),
    table("base64 with a sign in it", "Y*== 1", "line 1 is no token"),
    table("an empty token", " 1", "line 1 is no token"),
    table("a negative number", "YQ== -1", "line 1 is no token"),
    table("a number that is a word", "YQ== one", "line 1 is no token"),
    table("a number with a fraction", "YQ== 1.5", "line 1 is no token"),
    table("a number of 32 bits and more", "YQ== 4294967296", "line 1 is no token"),
    table("a number of a thousand digits", "YQ== " + String(repeating: "9", count: 1000), "line 1 is no token"),
    table("two numbers", "YQ== 1 2", "line 1 is no token"),
    table("a number that is too large", "YQ== 99999999", "line 1 has token 99999999"),
    table("a number of 2^31 - 1", "YQ== 2147483647", "line 1 has token 2147483647"),
    table("a token twice", "YQ== 1\nYQ== 2", "line 2 has a token or number that came before"),
    table("a number twice", "YQ== 1\nYg== 1", "line 2 has a token or number that came before"),
    table("a token twice, far apart", singleBytes() + "YWI= 256\nYWI= 257", "line 258 has a token"),
    table("a line of a megabyte", String(repeating: "YWFh", count: 1 << 18), "line 1 is no token"),
    table("a million empty lines", String(repeating: "\n", count: 1 << 20) + "x", "line 1048577 is no token"),
    table("a million carriage returns", String(repeating: "\r", count: 1 << 20), "line 1 is no token"),
    HostileTokenizer(.tiktoken, "zeros", [UInt8](repeating: 0, count: 4096), "line 1 is no token"),
    HostileTokenizer(.tiktoken, "bytes that are no text", [0xFF, 0xFE, 32, 49, 10], "line 1 is no token"),
    HostileTokenizer(.tiktoken, "a gzip file", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "line 1 is no token"),
  ]
}
