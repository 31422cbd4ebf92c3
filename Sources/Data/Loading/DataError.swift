import MartletFormats

/// A record that cannot be used, or a loader that does not move.
public struct DataError: Error, Sendable, CustomStringConvertible {
  /// The number of the sample in its data set, if it is about one.
  public var index: Int?
  /// The file of the record, if it came from one.
  public var file: String?
  /// Where in the file the trouble is, in bytes from its start, if that is known.
  public var offset: Int?
  /// What is wrong.
  public var message: String

  /// An error with the given parts.
  public init(_ message: String, index: Int? = nil, file: String? = nil, offset: Int? = nil) {
    self.message = message
    self.index = index
    self.file = file
    self.offset = offset
  }

  /// The error of sample `index`, with what `error` knows about the place.
  init(index: Int, _ error: any Error) {
    switch error {
    case let error as FormatError:
      let tensor = error.tensor.map { "tensor \(FormatError.quoted($0)) " } ?? ""
      self.init(tensor + error.message, index: index, file: error.file, offset: error.offset)
    case let error as DataError:
      self = error
      self.index = index
    default:
      self.init("\(error)", index: index)
    }
  }

  /// One line: `sample 17: digits.csv: column "label" is not a number: "x" (at byte 1024)`.
  public var description: String {
    var text = ""
    if let index { text += "sample \(index): " }
    if let file { text += "\(file): " }
    text += message
    if let offset { text += " (at byte \(offset))" }
    return text
  }
}

/// What a loader does with a record that cannot be read.
public enum BadRecordPolicy: Sendable, Hashable {
  /// Stop with a ``DataError`` that names sample, file and offset.
  case fail
  /// Leave it out of its batch and count it; all other batches stay as they are. More than `limit` in one pass stop
  /// with an error, because then it is not a record that is bad but the data.
  case skip(limit: Int)
}
