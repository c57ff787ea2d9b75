package export

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"confab/internal/call"
	"confab/internal/chat"
	"confab/internal/stamp"
	"confab/store"
)

// page is how many rows are read at a time.
const page = 200

// gatherer writes the words of one archive within a transaction.
type gatherer struct {
	zip   *zip.Writer
	tx    store.Tx
	held  *chat.Holdings
	owner store.ID
	at    time.Time

	username string
	index    *json.Encoder // of the files whose bytes are to follow, a source each
}

// source is where a file's bytes are, and where they go.
type source struct {
	Path    string
	BlobKey string
	At      time.Time
}

func newGatherer(w, index io.Writer, tx store.Tx, held *chat.Holdings, owner store.ID, at time.Time) *gatherer {
	return &gatherer{zip: zip.NewWriter(w), index: json.NewEncoder(index), tx: tx, held: held, owner: owner, at: at}
}

// Session is a signed-in device.
type Session struct {
	ID         store.ID   `json:"id"`
	UserAgent  string     `json:"userAgent"`
	Address    string     `json:"address"`
	CreatedAt  stamp.Time `json:"createdAt"`
	LastUsedAt stamp.Time `json:"lastUsedAt"`
	ExpiresAt  stamp.Time `json:"expiresAt"`
}

// File is an upload of one's own, and where its bytes are in the archive.
type File struct {
	ID        store.ID   `json:"id"`
	Name      string     `json:"name"`
	Mime      string     `json:"mime"`
	Size      int64      `json:"size"`
	CreatedAt stamp.Time `json:"createdAt"`
	Path      string     `json:"path"`
}

func (g *gatherer) all(ctx context.Context) error {
	profile, err := g.held.Profile(ctx)
	if err != nil {
		return err
	}
	g.username = profile.Username
	if err := g.one("profile.json", profile); err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{g.sessions, g.people, g.chats, g.calls, g.uploads} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (g *gatherer) sessions(ctx context.Context) error {
	rows, err := g.tx.SessionsOf(ctx, g.owner, g.at)
	if err != nil {
		return err
	}
	return g.list("sessions.json", func(add func(any) error) error {
		for _, r := range rows {
			if err := add(Session{r.ID, r.UserAgent, r.Address, stamp.Of(r.CreatedAt), stamp.Of(r.LastUsedAt), stamp.Of(r.ExpiresAt)}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (g *gatherer) people(ctx context.Context) error {
	contacts, err := g.held.Contacts(ctx)
	if err != nil {
		return err
	}
	blocks, err := g.held.Blocks(ctx)
	if err != nil {
		return err
	}
	return errors.Join(g.one("contacts.json", contacts), g.one("blocks.json", blocks))
}

// chats writes two files for each chat. The chats are noted first: a zip is written from one end to the other.
func (g *gatherer) chats(ctx context.Context) error {
	return g.held.Chats(ctx, func(c chat.Chat) error {
		folder := "chats/" + string(c.ID) + "/"
		if err := g.one(folder+"chat.json", c); err != nil {
			return err
		}
		return g.list(folder+"messages.json", func(add func(any) error) error {
			return g.held.Messages(ctx, c.ID, func(m chat.Message) error { return add(m) })
		})
	})
}

func (g *gatherer) calls(ctx context.Context) error {
	return g.list("calls.json", func(add func(any) error) error {
		p := store.Page{Limit: page}
		for {
			rows, err := g.tx.CallsOf(ctx, g.owner, "", p)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if err := add(call.RecordOf(r)); err != nil {
					return err
				}
				p.Before, p.BeforeID = r.StartedAt, r.ID
			}
			if len(rows) < page {
				return nil
			}
		}
	})
}

// uploads lists the files of the owner's that the owner may read now: those that nobody else has seen, and those in
// chats that the owner still is in.
func (g *gatherer) uploads(ctx context.Context) error {
	return g.list("files.json", func(add func(any) error) error {
		for after := store.ID(""); ; {
			rows, err := g.tx.AttachmentsOf(ctx, g.owner, after, page)
			if err != nil {
				return err
			}
			for _, r := range rows {
				after = r.ID
				if readable, err := g.readable(ctx, r); err != nil {
					return err
				} else if !readable {
					continue
				}
				if err := g.index.Encode(source{pathOf(r), r.BlobKey, r.CreatedAt}); err != nil {
					return err
				}
				if err := add(File{r.ID, r.Name, r.Mime, r.Size, stamp.Of(r.CreatedAt), pathOf(r)}); err != nil {
					return err
				}
			}
			if len(rows) < page {
				return nil
			}
		}
	})
}

func (g *gatherer) readable(ctx context.Context, a store.Attachment) (bool, error) {
	if a.MessageID == "" {
		return true, nil
	}
	m, err := g.tx.Message(ctx, a.MessageID)
	if err != nil {
		return false, err
	}
	_, err = g.tx.Member(ctx, m.ChatID, g.owner)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// pathOf is where a file is in the archive. Names were made safe when they came in, and two files may have the same.
func pathOf(a store.Attachment) string { return "files/" + string(a.ID) + "-" + a.Name }

// create begins an entry of the archive.
func (g *gatherer) create(name string) (io.Writer, error) {
	return g.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: g.at})
}

// one writes a single value.
func (g *gatherer) one(name string, v any) error {
	w, err := g.create(name)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// list writes an array, an element a line, as its elements come.
func (g *gatherer) list(name string, fill func(add func(any) error) error) error {
	w, err := g.create(name)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	separator := "[\n"
	err = fill(func(v any) error {
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		_, err = out.WriteString(separator)
		separator = ",\n"
		if err == nil {
			_, err = out.Write(raw)
		}
		return err
	})
	if err != nil {
		return err
	}
	end := "\n]\n"
	if separator == "[\n" {
		end = "[]\n"
	}
	if _, err := out.WriteString(end); err != nil {
		return err
	}
	return out.Flush()
}
