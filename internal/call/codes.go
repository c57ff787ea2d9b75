package call

// The codes of refusals that arise here; "not_found" comes from internal/chat.
const (
	CodeBadSDP        = "bad_sdp"        // a description that cannot be parsed or met
	CodeBadCandidate  = "bad_candidate"  // text that is no ICE candidate
	CodeNoOffer       = "no_offer"       // an answer, and nothing that could be answered
	CodeAnswered      = "answered"       // another device of the same user was first
	CodeSecondDevice  = "second_device"  // the user is in the call with another device
	CodeNotInCall     = "not_in_call"    // the device has no leg in a call of this chat, or what was meant is over
	CodeNoCall        = "no_call"        // the chat has no call, or it does not ring here
	CodeNoParticipant = "no_participant" // nobody of that id is in the call
	CodeNoTrack       = "no_track"       // nothing is published from that source
	CodeForbidden     = "forbidden"      // the member's role is too weak
	CodeNoCheck       = "no_check"       // no such check of one's connection, or it has all its legs
	CodeFull          = "call_full"      // no more legs fit, or the history does not keep up
	CodeTooManyCalls  = "too_many_calls" // the user is in too many calls at once
	CodeShuttingDown  = "shutting_down"  // the server takes no new calls
)
