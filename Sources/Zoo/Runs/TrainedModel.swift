import Martlet
import MartletFormats

/// The model of a run folder, whatever its task.
public enum TrainedModel {
  case digits(TrainedDigits)
  case text(TrainedText)

  /// Loads the model of a run, finished or not.
  ///
  /// - Throws: `FormatError` or `CheckpointError` if the folder holds no model.
  public init(run: String) throws {
    let settings = try RunSettings(run: run)
    switch try settings.required("task", \.stringValue) {
    case "digits": self = .digits(try TrainedDigits(run: run))
    case "text": self = .text(try TrainedText(run: run))
    case let task:
      throw FormatError(.unsupported, file: settings.path, "is of an unknown task, \(FormatError.quoted(task))")
    }
  }

  /// Measures the model on its test data, or on other data.
  public func evaluate(data: [String] = []) throws -> Evaluation {
    switch self {
    case .digits(let digits): try digits.evaluate(data: data)
    case .text(let text): try text.evaluate(data: data)
    }
  }
}
