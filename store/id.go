package store

import (
	"errors"

	"github.com/google/uuid"
)

// ID names any kept thing: a UUIDv7 (RFC 9562, section 5.7) in its canonical lower-case text form. The zero value
// means "none" and is stored as NULL. Since version 7 begins with the time, ids sort roughly by creation.
type ID string

// ErrBadID is returned by ParseID for text that is no UUID.
var ErrBadID = errors.New("not a UUID")

// NewID makes a fresh id from the current time and random bits.
func NewID() ID { return ID(uuid.Must(uuid.NewV7()).String()) }

// ParseID reads an id that came from outside. Only the 36-character hyphenated form is taken; upper case is folded,
// so that one thing never has two names. The error is ErrBadID.
func ParseID(s string) (ID, error) {
	if len(s) != 36 {
		return "", ErrBadID
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return "", ErrBadID
	}
	return ID(u.String()), nil
}
