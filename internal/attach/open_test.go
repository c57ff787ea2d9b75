package attach_test

import (
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"confab/internal/attach"
	"confab/internal/fault"
	"confab/store"
)

func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner, member, stranger := w.user(), w.user(), w.user()
	chat := w.group(owner, member)
	a := w.upload(owner, "f", []byte("content"))
	check := func(when string, may map[store.ID]bool) {
		t.Helper()
		for _, who := range []store.ID{owner, member, stranger, ""} {
			_, _, err := w.read(attach.Request{ID: a.ID, Actor: who})
			_, _, unknown := w.read(attach.Request{ID: store.NewID(), Actor: who})
			switch {
			case may[who] && err != nil:
				t.Errorf("%s: %v", when, err)
			case !may[who] && (err == nil || fault.From(err).Code != "not_found" || err.Error() != unknown.Error()):
				t.Errorf("%s: got %v, and of what never was %v", when, err, unknown)
			}
		}
	}
	check("not sent yet", map[store.ID]bool{owner: true})
	m := w.send(chat, owner, a.ID)
	check("sent", map[store.ID]bool{owner: true, member: true})
	w.update(func(tx store.Tx) error { return tx.RemoveMember(t.Context(), chat, owner) })
	check("its owner has left", map[store.ID]bool{member: true})
	exp, sig := w.Sign(a.ID, w.clock.now().Add(time.Hour))
	w.update(func(tx store.Tx) error {
		now := w.clock.now()
		m.DeletedAt = &now
		return tx.UpdateMessage(t.Context(), m)
	})
	check("deleted", nil)
	if _, _, err := w.read(attach.Request{ID: a.ID, Exp: exp, Sig: sig}); err == nil {
		t.Error("a link opens a file of a deleted message")
	}
}

func TestNoIDIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	for _, id := range []store.ID{"", "../../etc/passwd", "x\x00", store.ID(strings.Repeat("9", 5000))} {
		_, _, err := w.read(attach.Request{ID: id, Actor: w.user()})
		w.refused(string(id), err, fault.NotFound, "not_found")
	}
}

// parameters takes a link apart.
func parameters(t *testing.T, link string) attach.Request {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return attach.Request{ID: store.ID(strings.TrimPrefix(u.Path, "/attachments/")), Exp: u.Query().Get("exp"), Sig: u.Query().Get("sig")}
}

func TestALinkWorksUntilItEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	a := w.upload(owner, "f", []byte("content"))
	w.send(w.group(owner), owner, a.ID)
	link, expires := w.Link(a.ID)
	r := parameters(t, link)
	if b, _, err := w.read(r); err != nil || string(b) != "content" {
		t.Errorf("%q, %v", b, err)
	}
	w.clock.move(expires.Sub(w.clock.now()) - time.Second)
	if _, _, err := w.read(r); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	w.clock.move(time.Second)
	_, _, err := w.read(r)
	w.refused("at its end", err, fault.NotFound, "not_found")
	if _, _, err := w.read(attach.Request{ID: a.ID, Exp: r.Exp, Sig: r.Sig, Actor: owner}); err != nil {
		t.Errorf("an old link of somebody who is signed in: %v", err)
	}
}

func TestLinksLastSixHoursAndStayTheSameForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	id := store.NewID()
	w.clock.move(w.clock.now().Truncate(time.Hour).Add(time.Hour + time.Minute).Sub(w.clock.now()))
	first, end := w.Link(id)
	if left := end.Sub(w.clock.now()); left < 6*time.Hour || left > 7*time.Hour {
		t.Errorf("works for %v", left)
	}
	w.clock.move(58 * time.Minute)
	if again, _ := w.Link(id); again != first {
		t.Error("the address changed within the hour")
	}
	w.clock.move(time.Hour)
	if again, _ := w.Link(id); again == first {
		t.Error("the address never changes")
	}
}

func TestALinkThatWasTamperedWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	a, other := w.upload(owner, "a", []byte("a")), w.upload(owner, "b", []byte("b"))
	link, _ := w.Link(a.ID)
	good := parameters(t, link)
	foreign := attach.New(attach.Config{Store: w.store, Blobs: w.blobs, Secret: []byte("another secret of the same length"), Now: w.clock.now})
	foreignExp, foreignSig := foreign.Sign(a.ID, w.clock.now().Add(time.Hour))
	for name, r := range map[string]attach.Request{
		"another file":     {ID: other.ID, Exp: good.Exp, Sig: good.Sig},
		"a later end":      {ID: a.ID, Exp: good.Exp + "0", Sig: good.Sig},
		"a sign":           {ID: a.ID, Exp: "+" + good.Exp, Sig: good.Sig},
		"no end":           {ID: a.ID, Sig: good.Sig},
		"no signature":     {ID: a.ID, Exp: good.Exp},
		"half a signature": {ID: a.ID, Exp: good.Exp, Sig: good.Sig[:20]},
		"padding":          {ID: a.ID, Exp: good.Exp, Sig: good.Sig + "="},
		"another key":      {ID: a.ID, Exp: foreignExp, Sig: foreignSig},
	} {
		_, _, err := w.read(r)
		w.refused(name, err, fault.NotFound, "not_found")
	}
}

func TestAnOpenFileServesRanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	a := w.upload(owner, "Отчёт \"2026\".txt", []byte("0123456789"))
	f, err := w.Open(t.Context(), attach.Request{ID: a.ID, Actor: owner})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	part := make([]byte, 3)
	if _, err := f.Seek(4, io.SeekStart); err != nil || f.Size() != 10 {
		t.Fatal(err, f.Size())
	}
	if _, err := io.ReadFull(f, part); err != nil || string(part) != "456" {
		t.Errorf("%q, %v", part, err)
	}
	if d := f.Disposition(); d != `attachment; filename*=utf-8''%D0%9E%D1%82%D1%87%D1%91%D1%82%20%222026%22.txt` {
		t.Errorf("Content-Disposition: %s", d)
	}
	if !strings.HasPrefix(f.ETag, `"`) || f.ModTime.IsZero() {
		t.Errorf("%+v", f)
	}
}

func TestARowWithoutBytesIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	a := w.upload(owner, "f", []byte("content"))
	if err := w.blobs.Delete(t.Context(), a.BlobKey); err != nil {
		t.Fatal(err)
	}
	_, err := w.Open(t.Context(), attach.Request{ID: a.ID, Actor: owner})
	w.refused("lost", err, fault.NotFound, "not_found")
	if err := errors.Unwrap(err); err != nil {
		t.Errorf("the caller is told more: %v", err)
	}
}
