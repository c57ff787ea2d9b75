package export

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"confab/internal/blob"
	"confab/store"
)

// Archive is one person's data, ready to be sent. It is closed by whoever opened it, or by the end of its Stream.
type Archive struct {
	words    *os.File // a zip of everything but the files
	index    *os.File // a line of JSON for each of the files, in their order
	blobs    blob.Store
	log      *slog.Logger
	owner    store.ID
	username string
	at       time.Time
	leave    func() // nil until it counts as a download
	closing  sync.Once
}

// Close removes what was gathered.
func (a *Archive) Close() {
	a.closing.Do(func() {
		for _, file := range []*os.File{a.words, a.index} {
			if file == nil { // it could not be made
				continue
			}
			_ = file.Close() // it was read to its end, or is not wanted
			if err := os.Remove(file.Name()); err != nil {
				a.log.Warn("an export stays in its folder until the next start", "error", err)
			}
		}
		if a.leave != nil {
			a.leave()
		}
	})
}

// Stream is the zip's bytes. Reading fails where a file cannot be read, so that nobody takes half an archive for a whole
// one; closing ends it at any point.
func (a *Archive) Stream() io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		defer a.Close()
		defer func() {
			if v := recover(); v != nil {
				a.log.Error("panic in an export", "panic", v, "stack", string(debug.Stack()))
				w.CloseWithError(fmt.Errorf("panic: %v", v))
			}
		}()
		err := a.write(w)
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			a.log.Warn("an export ended early", "user", a.owner, "error", err)
		}
		a.Close()             // before the reader knows of the end: who has everything may come again
		w.CloseWithError(err) // nil is the end
	}()
	return r
}

// write copies the words as they are compressed already, and the files as they are: most are compressed by nature.
func (a *Archive) write(w io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), downloadTime)
	defer cancel()
	info, err := a.words.Stat()
	if err != nil {
		return err
	}
	words, err := zip.NewReader(a.words, info.Size())
	if err != nil {
		return err
	}
	out := zip.NewWriter(w)
	for _, f := range words.File {
		if err := out.Copy(f); err != nil {
			return err
		}
	}
	if _, err := a.index.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for lines := json.NewDecoder(a.index); ; {
		var f source
		if err := lines.Decode(&f); errors.Is(err, io.EOF) {
			return out.Close()
		} else if err != nil {
			return err
		}
		if err := a.writeFile(ctx, out, f); err != nil {
			return fmt.Errorf("blob %s: %w", f.BlobKey, err)
		}
	}
}

func (a *Archive) writeFile(ctx context.Context, out *zip.Writer, f source) error {
	r, err := a.blobs.Open(ctx, f.BlobKey)
	if errors.Is(err, blob.ErrNotFound) { // deleted since the words were gathered
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close() // it was only read
	entry, err := out.CreateHeader(&zip.FileHeader{Name: f.Path, Method: zip.Store, Modified: f.At})
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, &until{ctx, r})
	return err
}

// until ends a copy between two reads once its context is done.
type until struct {
	ctx context.Context
	io.Reader
}

func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}
