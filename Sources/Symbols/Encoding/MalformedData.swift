/// What is thrown where bytes are not what their format says.
///
/// Says no more: whoever asks for a place in the source does without it then.
struct MalformedData: Error {}
