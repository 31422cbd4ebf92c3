/// A text as tokens, with where each came from.
public struct TokenEncoding: Sendable, Hashable {
  /// The numbers of the tokens.
  public internal(set) var ids: [Int32] = []
  /// Where in the text each token begins and ends, in Unicode scalars; empty ranges for tokens that were put in.
  public internal(set) var offsets: [Range<Int>] = []
  /// Which text of a pair each token belongs to, as the template says: 0 or 1.
  public internal(set) var typeIDs: [Int32] = []
  /// Whether a token was put in by the template.
  public internal(set) var isSpecial: [Bool] = []

  /// The number of tokens.
  public var count: Int { ids.count }

  mutating func append(_ other: TokenEncoding) {
    ids += other.ids
    offsets += other.offsets
    typeIDs += other.typeIDs
    isSpecial += other.isSpecial
  }

  mutating func append(special id: Int32, type: Int32) {
    ids.append(id)
    offsets.append(0..<0)
    typeIDs.append(type)
    isSpecial.append(true)
  }
}

/// What is done with tokens when they are there: special ones put in, spaces taken out of offsets.
enum TokenPostProcessor: Sendable {
  case sequence([TokenPostProcessor])
  case template(single: [Piece], pair: [Piece])
  case trimOffsets(addsPrefix: Bool)
  /// RoBERTa's: all types are 0.
  case roberta(start: Int32, end: Int32, trimsOffsets: Bool, addsPrefix: Bool)

  /// A part of a template.
  enum Piece: Sendable {
    case text(second: Bool, type: Int32)
    case special([Int32], type: Int32)
  }

  /// How many times a text may occur in what comes out, at most 2^20.
  var growth: Int {
    func texts(_ template: [Piece]) -> Int {
      template.reduce(0) { if case .text = $1 { $0 + 1 } else { $0 } }
    }
    switch self {
    case .sequence(let parts): return parts.reduce(1) { min($0 * $1.growth, 1 << 20) }
    case .template(let single, let pair): return min(max(1, texts(single), texts(pair)), 1 << 20)
    case .trimOffsets, .roberta: return 1
    }
  }

  /// How much white space the spelling of a token has at its ends, in characters.
  typealias Margins = (leading: Int, trailing: Int)

  func apply(
    to encodings: [TokenEncoding], addsSpecial: Bool, margins: [[Margins]]
  ) -> [TokenEncoding] {
    switch self {
    case .sequence(let parts):
      var result = encodings
      for part in parts {
        let isSame = zip(result, margins).allSatisfy { $0.count == $1.count }
        result = part.apply(to: result, addsSpecial: addsSpecial, margins: isSame ? margins : [])
      }
      return result
    case .template(let single, let pair):
      return TokenPostProcessor.fill(encodings.count == 2 ? pair : single, encodings, addsSpecial: addsSpecial)
    case .trimOffsets(let addsPrefix):
      return zip(encodings, margins).map { TokenPostProcessor.trimmed($0, $1, addsPrefix: addsPrefix) }
    case .roberta(let start, let end, let trimsOffsets, let addsPrefix):
      var texts = encodings
      if trimsOffsets { texts = zip(texts, margins).map { TokenPostProcessor.trimmed($0, $1, addsPrefix: addsPrefix) } }
      let single: [Piece] = [.special([start], type: 0), .text(second: false, type: 0), .special([end], type: 0)]
      let second: [Piece] = [.special([end], type: 0), .text(second: true, type: 0), .special([end], type: 0)]
      return TokenPostProcessor.fill(texts.count == 2 ? single + second : single, texts, addsSpecial: addsSpecial)
    }
  }

  /// The tokens of one text with the special ones, where nobody asks for places.
  func complete(_ ids: [Int32]) -> [Int32] {
    switch self {
    case .sequence(let parts): parts.reduce(ids) { $1.complete($0) }
    case .template(let single, _):
      single.flatMap { piece in
        switch piece {
        case .text: ids
        case .special(let special, _): special
        }
      }
    case .trimOffsets: ids
    case .roberta(let start, let end, _, _): [start] + ids + [end]
    }
  }

  private static func fill(
    _ template: [Piece], _ encodings: [TokenEncoding], addsSpecial: Bool
  ) -> [TokenEncoding] {
    var result = TokenEncoding()
    for piece in template {
      switch piece {
      case .text(let isSecond, let type):
        var text = encodings[isSecond && encodings.count > 1 ? 1 : 0]
        text.typeIDs = [Int32](repeating: type, count: text.count)
        result.append(text)
      case .special(let ids, let type) where addsSpecial: for id in ids { result.append(special: id, type: type) }
      case .special: break
      }
    }
    return [result]
  }

  /// Leaves the white space at the ends of tokens out of their offsets.
  private static func trimmed(_ encoding: TokenEncoding, _ margins: [Margins], addsPrefix: Bool) -> TokenEncoding {
    var result = encoding
    for (i, margin) in margins.enumerated() where margin.leading > 0 || margin.trailing > 0 {
      var (start, end) = (encoding.offsets[i].lowerBound, encoding.offsets[i].upperBound)
      var leading = margin.leading
      // The one space before the first word may be the one that was put there.
      if leading == 1, addsPrefix, i == 0 || start == 0 { leading = 0 }
      if leading > 0 { start = min(start + leading, end) }
      if margin.trailing > 0, end >= margin.trailing { end = max(end - margin.trailing, start) }
      result.offsets[i] = start..<end
    }
    return result
  }
}
