// Package wirejson reads JSON that comes from outside, as I-JSON wants it (RFC 7493): the names of fields are matched
// exactly, so that an unknown field never passes for a known one; a name that comes twice, text that is not UTF-8, and half
// of a surrogate pair are refused rather than quietly made something else.
package wirejson

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

// Mismatch is the error of a value that is of another type than is wanted.
type Mismatch struct {
	Field string // its path, with dots: "answer.sdp", "ids.0"
	Got   string // what it is, as JSON calls it, and a number that does not fit itself: "array", "number 1.5"
	cause error
}

func (e *Mismatch) Error() string { return fmt.Sprintf("%s must not be a %s", e.Field, e.Got) }

// Unwrap returns the decoder's own error.
func (e *Mismatch) Unwrap() error { return e.cause }

// Unmarshal decodes data into v. Unknown fields are ignored. Errors: a Mismatch; those of UnmarshalJSON methods, wrapped; and what
// is wrong with the syntax.
func Unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var wrong *json.SemanticError
	if errors.As(err, &wrong) && wrong.JSONPointer != "" && (wrong.Err == nil || wrong.JSONValue != nil) {
		var path []string
		for token := range wrong.JSONPointer.Tokens() {
			path = append(path, token)
		}
		got := strings.TrimSpace(kind(byte(wrong.JSONKind)) + " " + string(wrong.JSONValue))
		return &Mismatch{Field: strings.Join(path, "."), Got: got, cause: err}
	}
	return err
}

func kind(k byte) string {
	switch k {
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case '0':
		return "number"
	case 'n':
		return "null"
	}
	return "string"
}
