package api

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"confab/internal/fault"
)

// TestAFormTakesSoLongAndNoLonger is about lines that bring something again and again, but never all.
func TestAFormTakesSoLongAndNoLonger(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	form := &patientReader{ctx: ctx, body: strings.NewReader("more and more"), left: 100, setDeadline: func(time.Time) error { return nil }}
	if n, err := form.Read(make([]byte, 4)); n != 4 || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	cancel() // as uploadTimeout does
	_, err := io.ReadAll(form)
	var refused *fault.Error
	if !errors.As(unreadable(err), &refused) || refused.Code != "upload_cut_off" {
		t.Errorf("got %v", err)
	}
}
