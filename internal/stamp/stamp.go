// Package stamp is the one form of a time on the wire: RFC 3339, UTC, always three digits of milliseconds. Plain
// time.Time drops trailing zeros, so that equal-looking clients would see "…:05Z" once in a thousand times.
package stamp

import (
	"fmt"
	"time"
)

// Layout is the wire format for time.Format and time.Parse.
const Layout = "2006-01-02T15:04:05.000Z"

// Time is a moment as JSON shows it.
type Time struct{ time.Time }

// Of wraps t.
func Of(t time.Time) Time { return Time{t} }

// OfPtr wraps an optional moment; nil stays nil.
func OfPtr(t *time.Time) *Time {
	if t == nil {
		return nil
	}
	return &Time{*t}
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(Layout)+2)
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, Layout)
	return append(b, '"'), nil
}

// UnmarshalJSON implements json.Unmarshaler; it takes any RFC 3339 time.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("a time must be a string in RFC 3339 form")
	}
	parsed, err := time.Parse(time.RFC3339Nano, string(b[1:len(b)-1]))
	if err != nil {
		return fmt.Errorf("a time must be a string in RFC 3339 form: %w", err)
	}
	t.Time = parsed.UTC()
	return nil
}
