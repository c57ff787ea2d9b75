package sqlstore

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"confab/store"
)

// refused is an argument that no engine is asked about: it carries the error to answer with.
type refused struct{ err error }

// id encodes one id; none becomes NULL.
func id(v store.ID) any {
	if v == "" {
		return nil
	}
	if uuid.Validate(string(v)) != nil {
		return refused{store.ErrBadID}
	}
	return string(v)
}

// ids encodes a list of ids as one argument.
func (t *Tx) ids(list []store.ID) any {
	for _, v := range list {
		if uuid.Validate(string(v)) != nil {
			return refused{store.ErrBadID}
		}
	}
	return t.dialect.encodeList(list)
}

// at encodes a moment, cut to the millisecond; the zero time becomes NULL.
func (t *Tx) at(v time.Time) any {
	if v.IsZero() {
		return nil
	}
	return t.dialect.encodeTime(Cut(v))
}

// Cut brings a moment to the precision that is kept.
func Cut(v time.Time) time.Time { return v.UTC().Truncate(time.Millisecond) }

// atOrNone encodes a moment that may be missing.
func (t *Tx) atOrNone(v *time.Time) any {
	if v == nil {
		return nil
	}
	return t.at(*v)
}

// orNull encodes a text for which empty means none.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// blobOrNull encodes bytes for which empty means none.
func blobOrNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// jsonOrNull encodes JSON for a column of texts.
func jsonOrNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return string(b)
}

// check refuses arguments that no engine can keep. PostgreSQL has no NUL in a text and SQLite cuts a text there in
// places; invalid UTF-8 would be an error of the first and silent damage in the second.
func check(args []any) error {
	for _, a := range args {
		switch v := a.(type) {
		case refused:
			return v.err
		case string:
			if strings.IndexByte(v, 0) >= 0 || !utf8.ValidString(v) {
				return store.ErrBadText
			}
		}
	}
	return nil
}

// The targets of Scan. Each wraps a pointer, so that making one costs no allocation.
type (
	toID          struct{ dest *store.ID }   // NULL is none
	toTime        struct{ dest *time.Time }  // NULL is the zero time
	toTimePointer struct{ dest **time.Time } // NULL is nil
)

// Scan implements sql.Scanner.
func (s toID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s.dest = ""
	case string:
		*s.dest = store.ID(v)
	case []byte:
		*s.dest = store.ID(v)
	default:
		return fmt.Errorf("an id cannot be read from %T", src)
	}
	return nil
}

// Scan implements sql.Scanner.
func (s toTime) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s.dest = time.Time{}
	case time.Time:
		*s.dest = v.UTC()
	case int64:
		*s.dest = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("a time cannot be read from %T", src)
	}
	return nil
}

// Scan implements sql.Scanner.
func (s toTimePointer) Scan(src any) error {
	if src == nil {
		*s.dest = nil
		return nil
	}
	var t time.Time
	if err := (toTime{&t}).Scan(src); err != nil {
		return err
	}
	*s.dest = &t
	return nil
}
