import Martlet
import MartletData
public import MartletFormats

/// A classifier of a run folder.
public struct TrainedDigits {
  /// The model.
  public let model: DigitClassifier
  /// The names of the classes, in the order of their labels.
  public let classes: [String]
  let recipe: DigitRecipe

  /// Loads the model of a run, finished or not.
  ///
  /// - Throws: `FormatError` or `CheckpointError` if the folder holds no such model.
  public init(run: String) throws {
    let settings = try RunSettings(run: run, task: "digits")
    classes = try settings.strings("classes")
    guard classes.count > 0 else { throw FormatError(.malformed, file: settings.path, "has no classes") }
    recipe = try DigitRecipe(settings)
    model = DigitClassifier(classes: classes.count)
    try RunSettings.loadWeights(run: run, into: model)
  }

  /// Says what pictures show, whatever their size and colors.
  ///
  /// - Throws: The error of the first file that cannot be used.
  public func predict(files: [String]) throws -> [Prediction] {
    let images = try files.map { try DigitImage(path: $0) }
    return zip(files, model.classify(images)).map { file, found in
      Prediction(file: file, label: classes[found.label], probability: found.probability)
    }
  }

  /// The accuracy on the digits that the run tested on, or on all of other data.
  func evaluate(data: [String]) throws -> Evaluation {
    let digits: [LabeledDigit]
    if let path = data.first {
      let all = try DigitData(path: path, seed: recipe.seed)
      guard all.classes == classes else {
        throw DataError("the classes are \(all.classes), the model's are \(classes)", file: path)
      }
      digits = all.training + all.test
    } else {
      digits = try recipe.load().test
    }
    return Evaluation(count: digits.count, metric: ("accuracy", DigitTask.accuracy(of: model, on: digits)))
  }
}

/// What a picture shows.
public struct Prediction: Sendable, CustomStringConvertible {
  /// The picture.
  public let file: String
  /// The most probable class.
  public let label: String
  /// Its probability.
  public let probability: Double

  /// One object. A label that is a number is written as one.
  public var json: JSON {
    let label = Int(label).map { JSON.integer($0) } ?? .string(label)
    return ["file": .string(file), "label": label, "probability": .rounded(probability, 6)]
  }

  /// One line for people.
  public var description: String { "\(file): \(label) (\((probability * 1000).rounded() / 10) %)" }
}

/// What a measurement on data gave.
public struct Evaluation: Sendable, CustomStringConvertible {
  /// Pictures or windows.
  public let count: Int
  /// The task's own number and its name.
  public let metric: (name: String, value: Double)

  /// One object.
  public var json: JSON {
    var result: JSON = ["count": .integer(count)]
    result[metric.name] = .number(metric.value)
    return result
  }

  /// One line for people.
  public var description: String {
    "\(metric.name.replacing("_", with: " ")) \((metric.value * 1e4).rounded() / 1e4) on \(count) examples"
  }
}
