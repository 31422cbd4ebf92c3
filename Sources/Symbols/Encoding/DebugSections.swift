/// The sections of a file that hold its debug information; empty where there is none.
struct DebugSections {
  var entries = UnsafeRawBufferPointer(start: nil, count: 0)
  var abbreviations = UnsafeRawBufferPointer(start: nil, count: 0)
  var lines = UnsafeRawBufferPointer(start: nil, count: 0)
  var lineStrings = UnsafeRawBufferPointer(start: nil, count: 0)
  var strings = UnsafeRawBufferPointer(start: nil, count: 0)
  var stringOffsets = UnsafeRawBufferPointer(start: nil, count: 0)
  var addresses = UnsafeRawBufferPointer(start: nil, count: 0)
  var ranges = UnsafeRawBufferPointer(start: nil, count: 0)
  var rangeLists = UnsafeRawBufferPointer(start: nil, count: 0)

  /// The field of a section, by the section's name in the file.
  static func field(_ name: String) -> WritableKeyPath<DebugSections, UnsafeRawBufferPointer>? {
    switch name {
    case ".debug_info": \.entries
    case ".debug_abbrev": \.abbreviations
    case ".debug_line": \.lines
    case ".debug_line_str": \.lineStrings
    case ".debug_str": \.strings
    case ".debug_str_offsets": \.stringOffsets
    case ".debug_addr": \.addresses
    case ".debug_ranges": \.ranges
    case ".debug_rnglists": \.rangeLists
    default: nil
    }
  }
}
