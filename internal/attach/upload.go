package attach

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"confab/internal/blob"
	"confab/internal/fault"
	"confab/internal/media"
	"confab/store"
)

// Purpose says what an upload is for.
type Purpose int

// The purposes.
const (
	ForMessage Purpose = iota // any file
	ForVoice                  // a voice message: Ogg/Opus, WebM/Opus, MP4/AAC, MP3, WAV
	ForAvatar                 // PNG, JPEG or WebP
)

// Upload is a file that arrived whole, was looked into, and is nobody's attachment yet. Discard must be called in any
// case; after Keep it does nothing.
type Upload struct {
	Name string // as it will be shown
	Info media.Info

	service  *Service
	owner    store.ID
	field    string // of the request, for refusals
	staged   *blob.Staged
	thumb    *blob.Staged // nil: none
	waveform []byte
	leave    func()
}

// SHA256 is the digest of the bytes: how a repeated upload is known again.
func (u *Upload) SHA256() [32]byte { return u.staged.SHA256() }

// Discard forgets an upload that was not kept.
func (u *Upload) Discard() {
	u.staged.Discard()
	if u.thumb != nil {
		u.thumb.Discard()
	}
	u.leave()
}

// SetWaveform takes the client's loudness samples, 0 to 255 each, instead of the server's own. The refusal is invalid.
func (u *Upload) SetWaveform(samples []int) error {
	if len(samples) > media.MaxWaveform {
		return fault.InvalidField("waveform", "may have at most 256 numbers")
	}
	waveform := make([]byte, len(samples))
	for i, v := range samples {
		if v < 0 || v > 255 {
			return fault.InvalidField("waveform", "must be whole numbers from 0 to 255")
		}
		waveform[i] = byte(v)
	}
	if len(waveform) > 0 {
		u.waveform = waveform
	}
	return nil
}

// Receive copies r to its end and looks into it. name is what the client calls the file; declared is the length that it
// announced, or -1, which lets a file that is too large be refused before it is sent. Refusals: too_large,
// quota_exceeded, too_many_uploads, empty_file, too_many_pixels, storage_full, upload_cut_off; for voice and avatars
// also unsupported_media and damaged_file. A plain file may be damaged: then it is one to download. Where reading r fails
// with a refusal, that is the answer.
func (s *Service) Receive(ctx context.Context, actor store.ID, purpose Purpose, name string, r io.Reader, declared int64) (*Upload, error) {
	leave, err := s.enter(actor)
	if err != nil {
		return nil, err
	}
	u := &Upload{service: s, owner: actor, field: field(purpose), leave: leave}
	if err := u.stage(ctx, purpose, r, declared); err != nil {
		leave()
		return nil, refusal(u.field, err)
	}
	if err := u.look(ctx, purpose); err != nil {
		u.Discard()
		return nil, refusal(u.field, err)
	}
	u.Name = SafeName(name, fallbackName(u.Info))
	return u, nil
}

func field(p Purpose) string {
	if p == ForVoice {
		return "audio"
	}
	return "file"
}

// fallbackName is for files that come without a usable name, as recordings do.
func fallbackName(i media.Info) string {
	switch i.Kind {
	case media.Audio:
		return "audio" + extensions[i.Mime]
	case media.Video:
		return "video" + extensions[i.Mime]
	case media.Image:
		return "image" + extensions[i.Mime]
	}
	return "file"
}

// extensions are the usual endings of the types that have players.
var extensions = map[string]string{
	"audio/ogg": ".ogg", "audio/webm": ".webm", "audio/mp4": ".m4a", "audio/mpeg": ".mp3", "audio/wav": ".wav",
	"audio/flac": ".flac", "video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov",
	"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif",
}

// stage takes the bytes in, within the size limit and what is left of the quota.
func (u *Upload) stage(ctx context.Context, purpose Purpose, r io.Reader, declared int64) error {
	s := u.service
	limit := map[Purpose]int64{ForMessage: s.maxFile, ForVoice: s.maxVoice, ForAvatar: MaxAvatar}[purpose]
	var room int64
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		room, err = s.room(ctx, tx, u.owner)
		return err
	})
	switch {
	case err != nil:
		return err
	case declared > limit:
		return tooLarge(u.field)
	case room <= 0 || declared > room:
		return quotaExceeded()
	}
	body := &watched{r: r}
	u.staged, err = s.blobs.Stage(ctx, body, min(limit, room))
	var refused *fault.Error
	switch {
	case errors.As(body.err, &refused): // by who gave us the reader, who knows better
		return refused
	case body.err != nil:
		return &fault.Error{Kind: fault.BadRequest, Code: "upload_cut_off", Message: "the upload did not arrive whole", Cause: body.err}
	case errors.Is(err, blob.ErrTooLarge) && room < limit:
		return quotaExceeded()
	case err == nil && declared >= 0 && u.staged.Size() != declared:
		u.staged.Discard()
		return &fault.Error{Kind: fault.BadRequest, Code: "upload_cut_off", Message: "the upload has another length than announced"}
	}
	return err
}

// watched remembers what reading failed with, to tell a client that went away from a disk that did.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// look inspects the bytes and makes the previews.
func (u *Upload) look(ctx context.Context, purpose Purpose) (err error) {
	switch purpose {
	case ForVoice:
		if u.Info, err = media.InspectVoice(u.staged, u.staged.Size()); err != nil {
			return err
		}
		u.waveform, err = media.Waveform(u.staged, u.staged.Size(), waveformSamples)
		return err
	case ForAvatar:
		return u.lookAtAvatar(ctx)
	}
	u.Info, err = media.Inspect(u.staged, u.staged.Size())
	if errors.Is(err, media.ErrDamaged) {
		u.Info = media.Info{Mime: u.Info.Mime}
		return nil
	}
	if err != nil || u.Info.Kind != media.Image {
		return err
	}
	if max(u.Info.Width, u.Info.Height) <= ThumbSide && u.staged.Size() <= smallImage {
		return nil
	}
	t, err := u.shrink(ctx, ThumbSide)
	switch {
	case errors.Is(err, media.ErrDamaged):
		u.Info = media.Info{Mime: u.Info.Mime}
		return nil
	case errors.Is(err, media.ErrUnsupported):
		return nil
	case err != nil:
		return err
	}
	u.thumb, err = u.service.blobs.Stage(ctx, bytes.NewReader(t.Bytes), int64(len(t.Bytes)))
	return err
}

// shrink makes the picture small, one at a time.
func (u *Upload) shrink(ctx context.Context, side int) (media.Thumb, error) {
	select {
	case u.service.decoding <- struct{}{}:
		defer func() { <-u.service.decoding }()
	case <-ctx.Done():
		return media.Thumb{}, ctx.Err()
	}
	return media.Thumbnail(u.staged, u.staged.Size(), u.Info, side)
}

// lookAtAvatar replaces the upload by a small upright picture without metadata, which often tells where it was taken.
func (u *Upload) lookAtAvatar(ctx context.Context) (err error) {
	if u.Info, err = media.Inspect(u.staged, u.staged.Size()); err != nil {
		return err
	}
	switch u.Info.Mime {
	case "image/png", "image/jpeg", "image/webp":
	default:
		return media.ErrUnsupported
	}
	t, err := u.shrink(ctx, AvatarSide)
	if err != nil {
		return err
	}
	small, err := u.service.blobs.Stage(ctx, bytes.NewReader(t.Bytes), int64(len(t.Bytes)))
	if err != nil {
		return err
	}
	u.staged.Discard()
	u.staged = small
	u.Info, err = media.Inspect(small, small.Size())
	return err
}

// AvatarOf is Receive and Keep for an avatar that is made of a picture that the actor may read already: an upload of their own, or
// a file in one of their chats. Refusals: those, and not_found.
func (s *Service) AvatarOf(ctx context.Context, actor, picture store.ID) (store.Attachment, error) {
	f, err := s.Open(ctx, Request{ID: picture, Actor: actor})
	if err != nil {
		return store.Attachment{}, err
	}
	defer f.Close()
	u, err := s.Receive(ctx, actor, ForAvatar, "", f, f.Size())
	if err != nil {
		return store.Attachment{}, err
	}
	defer u.Discard()
	return u.Keep(ctx)
}

// Keep makes the upload an attachment of its owner, free to be sent. Refusals: quota_exceeded, storage_full, and
// not_found where the account is gone.
func (u *Upload) Keep(ctx context.Context) (store.Attachment, error) {
	s := u.service
	a := store.Attachment{
		ID: store.NewID(), OwnerID: u.owner, Name: u.Name, Mime: u.Info.Mime, Size: u.staged.Size(),
		Width: u.Info.Width, Height: u.Info.Height, DurationMs: u.Info.Duration.Round(time.Millisecond).Milliseconds(),
		Waveform: u.waveform, BlobKey: blob.NewKey(), CreatedAt: s.now(),
	}
	if err := u.commit(ctx, a.BlobKey); err != nil {
		s.deleteBlob(context.WithoutCancel(ctx), a.BlobKey)
		return store.Attachment{}, refusal(u.field, err)
	}
	err := s.store.Update(ctx, func(tx store.Tx) error { return s.insert(ctx, tx, a) })
	var refused *fault.Error
	if errors.As(err, &refused) {
		s.deleteBlob(context.WithoutCancel(ctx), a.BlobKey)
	}
	if err != nil {
		// Any other error may hide a commit that was made: the row must find its bytes then. If there is no row, they
		// are collected later.
		return store.Attachment{}, refusal(u.field, err)
	}
	u.Discard()
	return a, nil
}

// insert writes the row under the account's lock, so that uploads at the same time cannot pass the quota together.
func (s *Service) insert(ctx context.Context, tx store.Tx, a store.Attachment) error {
	owner, err := tx.LockUser(ctx, a.OwnerID)
	if err != nil {
		return err
	}
	if owner.DeletedAt != nil {
		return notFound()
	}
	room, err := s.room(ctx, tx, a.OwnerID)
	if err != nil {
		return err
	}
	if a.Size > room {
		return quotaExceeded()
	}
	return tx.CreateAttachment(ctx, a)
}

// commit makes the bytes durable, the thumbnail first: it is found by way of its picture.
func (u *Upload) commit(ctx context.Context, key string) error {
	if u.thumb != nil {
		if err := u.thumb.Commit(ctx, blob.Variant(key, thumb)); err != nil {
			return err
		}
	}
	return u.staged.Commit(ctx, key)
}
