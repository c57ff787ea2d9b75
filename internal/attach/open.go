package attach

import (
	"context"
	"errors"
	"mime"
	"time"

	"confab/internal/blob"
	"confab/internal/media"
	"confab/store"
)

// Request asks for an attachment's bytes, in the name of Actor, or with the two parameters of a link, or both.
type Request struct {
	ID       store.ID
	Actor    store.ID // none: not signed in
	Exp, Sig string
	Thumb    bool // the thumbnail; a picture that has none is its own
}

// OpenFile is an attachment's bytes with what a download says about them. The caller closes it.
type OpenFile struct {
	blob.Reader
	Name    string
	Mime    string
	ETag    string // strong, in quotes: the bytes under an id never change
	ModTime time.Time
	Inline  bool // safe to show in a page of the same origin; else it is only to be saved
}

// Disposition is the value of Content-Disposition (RFC 6266), with names beyond ASCII as in RFC 8187.
func (f *OpenFile) Disposition() string {
	kind := "attachment"
	if f.Inline {
		kind = "inline"
	}
	return mime.FormatMediaType(kind, map[string]string{"filename": f.Name})
}

// Open gives access to an attachment: to whoever has a link that has not ended, to the owner while no message carries
// it, and to the members of the message's chat afterwards. Everybody else, and everybody after the message was deleted,
// gets the same not_found as for an id that never was.
func (s *Service) Open(ctx context.Context, r Request) (*OpenFile, error) {
	id, err := store.ParseID(string(r.ID))
	if err != nil {
		return nil, notFound()
	}
	r.ID = id
	var a store.Attachment
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		if a, err = tx.Attachment(ctx, r.ID); err != nil {
			return err
		}
		return s.authorise(ctx, tx, r, a)
	})
	if err != nil {
		return nil, refusal("id", err)
	}
	f := &OpenFile{Name: a.Name, Mime: a.Mime, ETag: `"` + string(a.ID) + `"`, ModTime: a.CreatedAt, Inline: inline[a.Mime]}
	if r.Thumb {
		found, err := s.openThumb(ctx, f, a)
		if found || err != nil {
			return f, err
		}
	}
	if f.Reader, err = s.blobs.Open(ctx, a.BlobKey); errors.Is(err, blob.ErrNotFound) {
		s.log.Error("an attachment has lost its bytes", "attachment", a.ID)
	}
	if err != nil {
		return nil, refusal("id", err)
	}
	return f, nil
}

// authorise answers not_found unless the request may read the attachment.
func (s *Service) authorise(ctx context.Context, tx store.Tx, r Request, a store.Attachment) error {
	linked := s.Verify(r.ID, r.Exp, r.Sig)
	if a.MessageID == "" {
		if linked || r.Actor != "" && r.Actor == a.OwnerID {
			return nil
		}
		return notFound()
	}
	m, err := tx.Message(ctx, a.MessageID)
	switch {
	case err != nil:
		return err
	case m.DeletedAt != nil:
		return notFound()
	case linked:
		return nil
	case r.Actor == "":
		return notFound()
	}
	_, err = tx.Member(ctx, m.ChatID, r.Actor)
	return err
}

// openThumb opens the thumbnail where there is one.
func (s *Service) openThumb(ctx context.Context, f *OpenFile, a store.Attachment) (found bool, err error) {
	r, err := s.blobs.Open(ctx, blob.Variant(a.BlobKey, thumb))
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, refusal("id", err)
	}
	info, err := media.Inspect(r, r.Size())
	if err != nil {
		return false, errors.Join(err, r.Close())
	}
	f.Reader, f.Mime, f.ETag, f.Inline = r, info.Mime, `"`+string(a.ID)+`-thumb"`, true
	return true, nil
}

// inline are the types that a browser shows or plays without running anything in them. Text is not among them, since
// browsers once guessed at HTML there; nor is SVG, which is a program; nor PDF.
var inline = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/webp": true, "image/gif": true, "image/avif": true,
	"audio/ogg": true, "audio/webm": true, "audio/mp4": true, "audio/mpeg": true, "audio/wav": true, "audio/flac": true,
	"video/mp4": true, "video/webm": true, "video/quicktime": true,
}
