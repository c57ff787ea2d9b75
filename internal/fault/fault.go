// Package fault is how the rules say no: an error with a kind that the transports translate (HTTP status, ack error),
// a stable machine-readable code, and a sentence for a person.
package fault

import (
	"errors"
	"time"
)

// Kind groups refusals by what a caller should do about them.
type Kind int

// The kinds, with the HTTP status each becomes.
const (
	Internal     Kind = iota // 500: not the caller's doing; the details are in the log
	BadRequest               // 400: not understandable
	Unauthorized             // 401: not signed in, or not any more
	Forbidden                // 403: a member, but without the right
	NotFound                 // 404: does not exist, or not for this caller
	Conflict                 // 409: contradicts what is there
	TooLarge                 // 413
	Unsupported              // 415: a media type that is not taken
	Invalid                  // 422: understandable, but a value is out of bounds
	RateLimited              // 429: again after RetryAfter
	Unavailable              // 503: not now
)

// Error is a refusal. Code is lower_snake_case and part of the API; Message may change.
type Error struct {
	Kind       Kind
	Code       string
	Message    string
	Fields     []Field
	RetryAfter time.Duration
	Cause      error // for the log, never for the caller
}

// Field names one offending input. Code is a stable word for programs that say it in another language; where it is empty,
// Message is all there is, and means what only a faulty client does.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
}

// The codes of fields that people fill in.
const (
	FieldLength     = "length"        // too short or too long
	FieldCharacters = "characters"    // characters that this value may not have
	FieldScripts    = "mixed_scripts" // letters of alphabets that pass for each other
	FieldEdges      = "edges"         // does not begin and end with a letter or a digit
	FieldEmail      = "email"         // no e-mail address
	FieldInvisible  = "invisible"     // nothing to see in it
	FieldCommon     = "common"        // a password that everybody tries first
	FieldWrong      = "wrong"         // not the right password or code
	FieldTaken      = "taken"         // somebody else's
)

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Code + ": " + e.Message + ": " + e.Cause.Error()
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes a refusal.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// InvalidField is the commonest refusal: one value of the request is out of bounds. Its code is "invalid".
func InvalidField(field, message string) *Error {
	return &Error{Kind: Invalid, Code: "invalid", Message: field + ": " + message, Fields: []Field{{Field: field, Message: message}}}
}

// InvalidValue is InvalidField for what a person typed: code, one of the Field constants, tells what is wrong with it.
func InvalidValue(field, code, message string) *Error {
	e := InvalidField(field, message)
	e.Fields[0].Code = code
	return e
}

// Taken is the refusal of a value that must be unique and is somebody else's. Its code is the field and "_taken".
func Taken(field, message string) *Error {
	return &Error{Kind: Conflict, Code: field + "_taken", Message: message, Fields: []Field{{Field: field, Message: "is taken", Code: FieldTaken}}}
}

// From returns err as a refusal: itself where it is one, otherwise an Internal one that hides it from the caller.
func From(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return &Error{Kind: Internal, Code: "internal", Message: "something went wrong on the server", Cause: err}
}
