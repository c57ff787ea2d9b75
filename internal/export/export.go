package export

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"confab/internal/auth"
	"confab/internal/blob"
	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/store"
)

const (
	// LinkTime is how long a link works: as long as somebody who asked for it looks at the page.
	LinkTime = 10 * time.Minute
	// gatherTime bounds the reading of the words, in which a transaction is open.
	gatherTime = 5 * time.Minute
	// maxGathering is how many archives' words are gathered at once: each reads everything that a person has, in one
	// transaction, and writes it to the disk.
	maxGathering = 1
	// queueTime is how long a download waits for the words of another to be gathered: less than a request may take.
	queueTime = 15 * time.Second
	// busyTime is after what time one may come back who waited in vain.
	busyTime = 30 * time.Second
	// downloadTime bounds a whole download: all files that one person may have, at one megabyte a second, in an hour and
	// a half.
	downloadTime = 2 * time.Hour
)

// Accounts is what this package needs of internal/auth.
type Accounts interface {
	ConfirmPassword(ctx context.Context, userID store.ID, password string) error
	Owner(ctx context.Context, sessionID store.ID) (store.ID, error)
}

// Config is what a Service needs.
type Config struct {
	Store    store.Store
	Blobs    blob.Store
	Chats    *chat.Service
	Accounts Accounts
	Secret   []byte           // the key of links is derived from it
	Dir      string           // for archives that are being made; this process's alone, made and emptied
	Now      func() time.Time // time.Now when nil
	Log      *slog.Logger     // discards when nil
}

// Service makes archives.
type Service struct {
	cfg Config
	key []byte

	gathering chan struct{} // has room for maxGathering

	mu      sync.Mutex
	running map[store.ID]struct{} // people who are downloading; guarded by mu
}

// New makes a Service, and its folder.
func New(cfg Config) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.RemoveAll(cfg.Dir); err != nil {
		return nil, fmt.Errorf("folder for exports: %w", err)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder for exports: %w", err)
	}
	mac := hmac.New(sha256.New, cfg.Secret)
	mac.Write([]byte("confab export links v1"))
	return &Service{cfg: cfg, key: mac.Sum(nil), gathering: make(chan struct{}, maxGathering), running: map[store.ID]struct{}{}}, nil
}

// Link is where an archive can be had.
type Link struct {
	URL       string     `json:"url" doc:"Opened by a browser as it is; it needs no token, and works while the session does that asked for it."`
	ExpiresAt stamp.Time `json:"expiresAt"`
}

// Link makes a link to the archive of whoever asks. Refusal: wrong_password.
func (s *Service) Link(ctx context.Context, who auth.Identity, password string) (Link, error) {
	if err := s.cfg.Accounts.ConfirmPassword(ctx, who.UserID, password); err != nil {
		return Link{}, err
	}
	end := s.cfg.Now().UTC().Truncate(time.Second).Add(LinkTime)
	exp := strconv.FormatInt(end.Unix(), 10)
	query := url.Values{"exp": {exp}, "sig": {base64.RawURLEncoding.EncodeToString(s.signature(who.SessionID, exp))}}
	return Link{"/exports/" + string(who.SessionID) + "?" + query.Encode(), stamp.Of(end)}, nil
}

func (s *Service) signature(session store.ID, exp string) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(string(session) + "\n" + exp))
	return mac.Sum(nil)
}

// Open makes the archive that a link leads to. Refusals: not_found for whatever is no link that works, export_running
// when the same person has a download under way, exports_busy when those of others are being gathered for too long.
func (s *Service) Open(ctx context.Context, session store.ID, exp, sig string) (*Archive, error) {
	end, err := strconv.ParseInt(exp, 10, 64)
	given, sigErr := base64.RawURLEncoding.Strict().DecodeString(sig)
	if err != nil || sigErr != nil || s.cfg.Now().Unix() >= end || !hmac.Equal(given, s.signature(session, exp)) {
		return nil, fault.New(fault.NotFound, "not_found", "there is no such thing")
	}
	owner, err := s.cfg.Accounts.Owner(ctx, session)
	if err != nil {
		return nil, err
	}
	leave, err := s.enter(owner)
	if err != nil {
		return nil, err
	}
	a, err := s.gatherInTurn(ctx, owner)
	if err != nil {
		leave()
		return nil, err
	}
	a.leave = leave
	return a, nil
}

// enter lets one download of a person in at a time.
func (s *Service) enter(owner store.ID) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, busy := s.running[owner]; busy {
		return nil, fault.New(fault.Conflict, "export_running", "an export of yours is under way")
	}
	s.running[owner] = struct{}{}
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, owner)
	}), nil
}

// gatherInTurn is gather when it is the turn of this export.
func (s *Service) gatherInTurn(ctx context.Context, owner store.ID) (*Archive, error) {
	waiting, cancel := context.WithTimeout(ctx, queueTime)
	defer cancel()
	select {
	case s.gathering <- struct{}{}:
		defer func() { <-s.gathering }()
	case <-waiting.Done():
		return nil, &fault.Error{Kind: fault.Unavailable, Code: "exports_busy", Message: "other exports are being made; try again later",
			RetryAfter: busyTime}
	}
	return s.gather(context.WithoutCancel(ctx), owner)
}

// gather writes the words of an archive, and notes which files belong to it.
func (s *Service) gather(ctx context.Context, owner store.ID) (_ *Archive, err error) {
	ctx, cancel := context.WithTimeout(ctx, gatherTime)
	defer cancel()
	a := &Archive{blobs: s.cfg.Blobs, log: s.cfg.Log, owner: owner, at: s.cfg.Now().UTC()}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	for _, file := range []**os.File{&a.words, &a.index} {
		if *file, err = os.CreateTemp(s.cfg.Dir, "export-*"); err != nil { // mode 0600
			return nil, fmt.Errorf("make an export: %w", err)
		}
	}
	err = s.cfg.Store.View(ctx, func(tx store.Tx) error {
		g := newGatherer(a.words, a.index, tx, s.cfg.Chats.HoldingsOf(tx, owner), owner, a.at)
		if err := g.all(ctx); err != nil {
			return err
		}
		a.username = g.username
		return g.zip.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("gather an export: %w", err)
	}
	return a, nil
}

// Name is what the archive is saved as.
func (a *Archive) Name() string {
	return filepath.Base(fmt.Sprintf("confab-export-%s-%s.zip", a.username, a.at.Format(time.DateOnly)))
}
