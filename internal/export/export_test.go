package export

import (
	"context"
	"encoding/base64"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"confab/internal/fault"
	"confab/store"
)

// owner is Accounts in which every session is of one person.
type owner store.ID

func (owner) ConfirmPassword(context.Context, store.ID, string) error { return nil }

func (o owner) Owner(context.Context, store.ID) (store.ID, error) { return store.ID(o), nil }

func TestWhoWaitsTooLongForOtherExportsIsSentAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Accounts: owner("ann"), Dir: filepath.Join(t.TempDir(), "exports")})
		if err != nil {
			t.Fatal(err)
		}
		s.gathering <- struct{}{} // somebody else's
		exp := strconv.FormatInt(time.Now().Add(LinkTime).Unix(), 10)
		for name, patience := range map[string]time.Duration{"as long as one may": time.Hour, "until the request's end": time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			began := time.Now()
			_, err = s.Open(ctx, "session", exp, base64.RawURLEncoding.EncodeToString(s.signature("session", exp)))
			cancel()
			if f := fault.From(err); f.Kind != fault.Unavailable || f.Code != "exports_busy" || f.RetryAfter == 0 {
				t.Errorf("%s: %v", name, err)
			}
			if waited := time.Since(began); waited != min(patience, queueTime) {
				t.Errorf("%s: waited %v", name, waited)
			}
		}
		if _, err := s.enter("ann"); err != nil {
			t.Errorf("still counted as downloading: %v", err)
		}
	})
}
