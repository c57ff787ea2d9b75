package attach

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"time"

	"confab/internal/blob"
	"confab/internal/fault"
	"confab/internal/media"
	"confab/store"
)

// The limits. They are part of the API and stand in the reference.
const (
	// MaxFile bounds one file, in bytes: a few minutes of a phone's video.
	MaxFile = 100 << 20
	// MaxVoice bounds a voice message: an hour of MP3 at 48 kbit/s, some four minutes of uncompressed WAV.
	MaxVoice = 25 << 20
	// MaxAvatar bounds the picture that an avatar is made from: what a phone's camera takes.
	MaxAvatar = 12 << 20
	// DefaultQuota bounds what one person's files may take in all. What they forwarded is theirs as well, since it
	// stays when the original goes; the same bytes count once.
	DefaultQuota = 5 << 30
	// MaxParallel is how many uploads of one person may be under way: as many as one message carries files. With
	// MaxFile it bounds the disk that uploads in flight can take before they count toward the quota.
	MaxParallel = 10
	// Grace is how long an upload waits for the message that carries it, and bytes for their row.
	Grace = 24 * time.Hour

	// ThumbSide is the longer side of a thumbnail in pixels: the width of a phone's chat at twice the density.
	ThumbSide = 640
	// AvatarSide is the same of an avatar, which is never shown larger than a quarter of a screen.
	AvatarSide = 512
	// smallImage is the size in bytes up to which a picture within ThumbSide is its own thumbnail.
	smallImage = 64 << 10
	// waveformSamples is how many loudness samples the server makes: one for each bar that the apps draw.
	waveformSamples = 64
)

// thumb names the blob of a thumbnail beside the one of its picture.
const thumb = "thumb"

// Config is what a Service needs. The limits are the constants above where they are 0.
type Config struct {
	Store  store.Store
	Blobs  blob.Store
	Secret []byte           // 32 bytes or more; the key of links is derived from it, so it may serve others too
	Now    func() time.Time // time.Now when nil
	Log    *slog.Logger     // discards when nil

	MaxFile, MaxVoice, Quota int64 // bytes
}

// Service is the rules about attachments.
type Service struct {
	store store.Store
	blobs blob.Store
	key   []byte // of the links' signatures
	now   func() time.Time
	log   *slog.Logger

	maxFile, maxVoice, quota int64

	// decoding has room for one: a picture of the largest size takes a quarter of a gigabyte while it is made small.
	decoding chan struct{}

	mu       sync.Mutex
	underWay map[store.ID]int // uploads by owner, those without any left out; guarded by mu
}

// New makes a Service.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	mac := hmac.New(sha256.New, c.Secret)
	mac.Write([]byte("confab attachment links v1"))
	return &Service{
		store: c.Store, blobs: c.Blobs, key: mac.Sum(nil), log: c.Log,
		now:     func() time.Time { return c.Now().UTC().Truncate(time.Millisecond) },
		maxFile: or(c.MaxFile, MaxFile), maxVoice: or(c.MaxVoice, MaxVoice), quota: or(c.Quota, DefaultQuota),
		decoding: make(chan struct{}, 1), underWay: map[store.ID]int{},
	}
}

func or(v, otherwise int64) int64 {
	if v > 0 {
		return v
	}
	return otherwise
}

// notFound is the one answer to whatever does not exist or is not the caller's to know of, word for word as for chats
// and messages.
func notFound() error { return fault.New(fault.NotFound, "not_found", "there is no such thing") }

func tooLarge(field string) error {
	return &fault.Error{Kind: fault.TooLarge, Code: "too_large", Message: "the file is larger than allowed",
		Fields: []fault.Field{{Field: field, Message: "is larger than allowed"}}}
}

func quotaExceeded() error {
	return fault.New(fault.TooLarge, "quota_exceeded", "your files take up all the room that you have")
}

// refusal turns what the packages below say into what the caller is told.
func refusal(field string, err error) error {
	invalid := func(code string, told error) error {
		return &fault.Error{Kind: fault.Invalid, Code: code, Message: told.Error(), Cause: err,
			Fields: []fault.Field{{Field: field, Message: told.Error()}}}
	}
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, blob.ErrNotFound):
		return notFound()
	case errors.Is(err, blob.ErrTooLarge):
		return tooLarge(field)
	case errors.Is(err, blob.ErrNoSpace):
		return &fault.Error{Kind: fault.Unavailable, Code: "storage_full", Message: "the server has no room left for files", Cause: err}
	case errors.Is(err, media.ErrEmpty):
		return invalid("empty_file", media.ErrEmpty)
	case errors.Is(err, media.ErrDamaged):
		return invalid("damaged_file", media.ErrDamaged)
	case errors.Is(err, media.ErrTooManyPixels):
		return invalid("too_many_pixels", media.ErrTooManyPixels)
	case errors.Is(err, media.ErrUnsupported):
		return &fault.Error{Kind: fault.Unsupported, Code: "unsupported_media", Message: media.ErrUnsupported.Error(), Cause: err}
	}
	return err
}

// enter counts an upload in; the caller calls leave when it is over.
func (s *Service) enter(owner store.ID) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.underWay[owner] >= MaxParallel {
		return nil, &fault.Error{Kind: fault.RateLimited, Code: "too_many_uploads", RetryAfter: time.Second,
			Message: "too many uploads at once"}
	}
	s.underWay[owner]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.underWay[owner]--; s.underWay[owner] == 0 {
			delete(s.underWay, owner)
		}
	}), nil
}

// Afford refuses, with quota_exceeded, when the owner's files are more than there is room for: forwarded ones are only
// known when they are there. Files over the same bytes count once.
func (s *Service) Afford(ctx context.Context, tx store.Tx, owner store.ID) error {
	room, err := s.room(ctx, tx, owner)
	if err == nil && room < 0 {
		err = quotaExceeded()
	}
	return err
}

// room tells how many more bytes the owner's files may take.
func (s *Service) room(ctx context.Context, tx store.Tx, owner store.ID) (int64, error) {
	used, err := tx.AttachmentBytes(ctx, owner)
	return s.quota - used, err
}
