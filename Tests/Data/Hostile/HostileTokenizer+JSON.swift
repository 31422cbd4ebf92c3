/// A `tokenizer.json` whose model knows one word and takes all others for it.
private func words(_ rest: String) -> String {
  #"{"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}, "# + rest + "}"
}

/// A list of one part, again and again.
private func repeated(_ part: String, _ count: Int) -> String {
  [String](repeating: part, count: count).joined(separator: ",")
}

extension HostileTokenizer {
  private static func json(_ name: String, _ text: String, _ message: String) -> HostileTokenizer {
    HostileTokenizer(.json, name, Array(text.utf8), message)
  }

  static let json: [HostileTokenizer] = structure + growth

  /// Files with something missing, wrong or unknown.
  private static let structure: [HostileTokenizer] = [
    json("an empty object", "{}", "has no model"),
    json("a model of unknown type", #"{"model": {"type": "Magic"}}"#, "of type \"Magic\""),
    json("byte pairs without vocabulary", #"{"model": {"type": "BPE"}}"#, "without a vocabulary"),
    json("byte pairs without merges", #"{"model": {"type": "BPE", "vocab": {"a": 0}}}"#, "without merges"),
    json(
      "a merge of what is not there", #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#, "merge 0"),
    json(
      "a merge of one token", #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}"#, "merge 0 is no pair"),
    json(
      "a merge of numbers", #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [[1, 2]]}}"#, "merge 0 is no pair"),
    json("a negative number", #"{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}"#, "has no number"),
    json(
      "a number of 33 bits", #"{"model": {"type": "BPE", "vocab": {"a": 4294967296}, "merges": []}}"#, "has no number"),
    json("a number of 1e300", #"{"model": {"type": "BPE", "vocab": {"a": 1e300}, "merges": []}}"#, "has no number"),
    json(
      "an unknown token that is not there",
      #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "x"}}"#, "not in the vocabulary"),
    json("a vocabulary that is a list", #"{"model": {"type": "WordPiece", "vocab": []}}"#, "without a vocabulary"),
    json("a piece without score", #"{"model": {"type": "Unigram", "vocab": [["a"]]}}"#, "piece 0"),
    json("a score that is a text", #"{"model": {"type": "Unigram", "vocab": [["a", "NaN"]]}}"#, "piece 0"),
    json(
      "a piece for unknown characters that is not there",
      #"{"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 7}}"#, "not in the vocabulary"),
    json(
      "an unknown normalizer", #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "normalizer": {"type": "X"}}"#,
      "normalizer \"X\""),
    json(
      "a normalizer without type", #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "normalizer": {}}"#,
      "without a type"),
    json(
      "an unknown pre-tokenizer",
      #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "pre_tokenizer": {"type": "X"}}"#, "pre-tokenizer \"X\""),
    json(
      "an unknown decoder", #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "decoder": {"type": "X"}}"#,
      "decoder \"X\""),
    json(
      "an unknown post-processor",
      #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "post_processor": {"type": "X"}}"#, "post-processor \"X\""),
    json(
      "an added token without content",
      #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "added_tokens": [{"id": 1}]}"#, "added token 0"),
    json(
      "an added token of 20,000,000",
      #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "added_tokens": [{"id": 20000000, "content": "x"}]}"#,
      "larger"),
    json(
      "a pattern without end",
      #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("}}}"#,
      "parenthesis"),
    json(
      "a table of replacements that is cut",
      #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}"#,
      "table of replacements"),
    json(
      "a template of an unknown token",
      #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}, "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "pair": []}}"#,
      "template"),
    json("nothing", "", "JSON"),
    json("a list", "[]", "has no model"),
    json("braces without end", String(repeating: "{\"model\":", count: 100_000), "deep"),
    json("a name twice", #"{"model": {"type": "BPE"}, "model": {"type": "BPE"}}"#, "twice"),
    json(
      "a way to cut that is unknown",
      words(#""pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "X"}"#), "in the way"),
    json("words of no length", words(#""pre_tokenizer": {"type": "FixedLength", "length": 0}"#), "of no length"),
    json(
      "a special token of -1",
      words(#""post_processor": {"type": "BertProcessing", "sep": ["a", -1], "cls": ["a", 0]}"#), "without a number"),
    json(
      "a decoder that strips -1 characters",
      words(#""decoder": {"type": "Strip", "content": "a", "start": -1, "stop": 0}"#), "strips an unknown number"),
    json(
      "replacements that are no base64", words(#""normalizer": {"type": "Precompiled", "precompiled_charsmap": "A"}"#),
      "not base64"),
  ]

  private static func pattern(_ pattern: String) -> String {
    words(#""pre_tokenizer": {"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "\#(pattern)"}}"#)
  }

  /// Files whose rules make much out of little, or take long.
  private static let growth: [HostileTokenizer] = [
    json(
      "forty replacements of one character by ten",
      words(
        #""normalizer": {"type": "Sequence", "normalizers": ["#
          + repeated(#"{"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaa"}"#, 40) + "]}"),
      "rules make more than"),
    json(
      "a replacement of 100,000 bytes",
      words(
        #""normalizer": {"type": "Replace", "pattern": {"Regex": "."}, "content": ""#
          + String(repeating: "b", count: 100_000) + #""}"#), "rules make more than"),
    json(
      "a marker of 100,000 bytes",
      words(
        #""pre_tokenizer": {"type": "Metaspace", "replacement": ""# + String(repeating: "b", count: 100_000) + #""}"#),
      "rules make more than"),
    json(
      "what goes before a text, 100,000 bytes",
      words(#""normalizer": {"type": "Prepend", "prepend": ""# + String(repeating: "b", count: 100_000) + #""}"#),
      "rules make more than"),
    json(
      "bytes that are spelled forty times",
      words(#""normalizer": {"type": "Sequence", "normalizers": ["# + repeated(#"{"type": "ByteLevel"}"#, 40) + "]}"),
      "rules make more than"),
    json(
      "words that are spelled forty times",
      words(
        #""pre_tokenizer": {"type": "Sequence", "pretokenizers": ["# + repeated(#"{"type": "ByteLevel"}"#, 40) + "]}"),
      "rules make more than"),
    json(
      "templates that double a text forty times",
      words(
        #""post_processor": {"type": "Sequence", "processors": ["#
          + repeated(
            #"{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}], "pair": []}"#,
            40)
          + "]}"), "repeat a text"),
    json(
      "a template that repeats a text a thousand times",
      words(
        #""post_processor": {"type": "TemplateProcessing", "pair": [], "single": ["#
          + repeated(#"{"Sequence": {"id": "A"}}"#, 1000) + "]}"), "repeat a text"),
    json("nothing repeated 10^12 times", pattern("(((){1000}){1000}){1000}{1000}"), "steps"),
    json("a character repeated 10^9 times", pattern("((a{3}b){1000}){1000}"), "steps"),
    json("parentheses without end", pattern(String(repeating: "(", count: 1000)), "too deep"),
    json("brackets without end", pattern(String(repeating: "[", count: 1000)), "too deep"),
    json("a pattern of 100,000 bytes", pattern(String(repeating: "a", count: 100_000)), "longer than 65,536"),
  ]
}
