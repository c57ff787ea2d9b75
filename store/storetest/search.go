package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressly/goose/v3"

	"confab/store"
)

// searchAs searches messages and gives their texts.
func (w *world) searchAs(u store.User, c store.Chat, q string, limit int) []string {
	w.Helper()
	found := read(w, func(tx store.Tx) ([]store.Message, error) {
		return tx.SearchMessages(w.Context(), u.ID, c.ID, q, "", limit)
	})
	var texts []string
	for _, m := range found {
		texts = append(texts, m.Content)
	}
	return texts
}

var messageSearchCases = []testCase{
	{"messages are found by their words", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		for i, text := range []string{
			"Сегодня придут новые сообщения", "The red apples are ripe", "яблоко и ёлка", "apple pie, red hot",
			"100% of it's under_score \\ 'quoted'", "v2.10 выпущена: https://example.org/notes", "👍",
		} {
			if i%2 == 0 {
				w.send(c, u, text)
			} else if _, ok := w.postShort(newMessage(c, u, text)); !ok {
				w.Error("the post was sent the long way")
			}
		}
		for _, c := range []struct {
			name, q string
			want    []string
		}{
			{"another form, Russian", "сообщение", []string{"Сегодня придут новые сообщения"}},
			{"any case", "СЕГОДНЯ", []string{"Сегодня придут новые сообщения"}},
			{"another form, English, newest first", "apples", []string{"apple pie, red hot", "The red apples are ripe"}},
			{"е for ё", "елки", []string{"яблоко и ёлка"}},
			{"all words, in any order", "apple red", []string{"apple pie, red hot", "The red apples are ripe"}},
			{"a phrase as it stands", `"red apples"`, []string{"The red apples are ripe"}},
			{"a phrase is not another form", `"red apple"`, nil},
			{"a phrase in order", `"apples red"`, nil},
			{"a beginning", "сооб*", []string{"Сегодня придут новые сообщения"}},
			{"a word that is being typed", "яблок", []string{"яблоко и ёлка"}},
			{"a beginning before other words", "app* hot", []string{"apple pie, red hot"}},
			{"a number", "10 notes", []string{"v2.10 выпущена: https://example.org/notes"}},
			{"part of an address", "example", []string{"v2.10 выпущена: https://example.org/notes"}},
			{"a word not there", "pear", nil},
			{"one of two not there", "red pear", nil},
			{"wildcards and quotes are no words", `% _ \ ' " *`, nil},
			{"operators are words", "red OR pear NOT apple", nil},
			{"syntax of the databases", `' | 'x':* & !( NEAR(a b) words : "`, nil},
			{"nothing", "", nil},
		} {
			equal(w, c.name, w.searchAs(u, store.Chat{}, c.q, 10), c.want)
		}
		equal(w, "limited", w.searchAs(u, store.Chat{}, "red", 1), []string{"apple pie, red hot"})
	}},
	{"only in one's own chats", func(w *world) {
		me, other := w.user("me"), w.user("other")
		mine, also, foreign := w.group(me), w.group(me, other), w.group(other)
		for _, c := range []store.Chat{mine, also, foreign} {
			w.send(c, other, "secret of "+string(c.ID[len(c.ID)-4:]))
		}
		equal(w, "all", len(w.searchAs(me, store.Chat{}, "secrets", 10)), 2)
		equal(w, "one chat", len(w.searchAs(me, also, "secrets", 10)), 1)
		equal(w, "a chat of others", len(w.searchAs(me, foreign, "secrets", 10)), 0)
		w.update(func(tx store.Tx) error { return tx.RemoveMember(w.Context(), also.ID, me.ID) })
		equal(w, "after leaving", len(w.searchAs(me, store.Chat{}, "secrets", 10)), 1)
	}},
	{"an edit is found by its new words, a deleted message by none", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		m := w.send(c, u, "before")
		plain := w.send(c, u, "👍")
		w.change(m.ID, func(m *store.Message) { m.Content = "afterwards" })
		w.change(plain.ID, func(m *store.Message) { m.Content = "words now" })
		equal(w, "old word", w.searchAs(u, c, "before", 10), nil)
		equal(w, "new word", w.searchAs(u, c, "afterwards", 10), []string{"afterwards"})
		equal(w, "words after none", w.searchAs(u, c, "words", 10), []string{"words now"})
		w.change(m.ID, func(m *store.Message) { m.Content, m.DeletedAt = "", ptr(after(1)) })
		equal(w, "deleted", w.searchAs(u, c, "afterwards", 10), nil)
		w.update(func(tx store.Tx) error { return tx.DeleteChat(w.Context(), c.ID) })
		equal(w, "with its chat", w.searchAs(u, store.Chat{}, "words", 10), nil)
	}},
	{"files are found by their names", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		send := func(kind store.MessageKind, text string, names ...string) store.Message {
			m := newMessage(c, u, text)
			m.Kind = kind
			var ids []store.ID
			for n, name := range names {
				a := store.Attachment{ID: store.NewID(), OwnerID: u.ID, Name: name, BlobKey: fmt.Sprintf("%s/%d", m.ID, n), CreatedAt: start}
				w.update(func(tx store.Tx) error { return tx.CreateAttachment(w.Context(), a) })
				ids = append(ids, a.ID)
			}
			w.update(func(tx store.Tx) (err error) {
				if m, err = w.post(tx, m); err != nil {
					return err
				}
				return tx.AttachToMessage(w.Context(), m.ID, u.ID, ids)
			})
			return m
		}
		found := func(q string) []store.ID {
			return idsOf(read(w, func(tx store.Tx) ([]store.Message, error) {
				return tx.SearchMessages(w.Context(), u.ID, c.ID, q, "", 10)
			}), func(m store.Message) store.ID { return m.ID })
		}
		report := send(store.KindFile, "", "Отчёт_2026-final(1).pdf", "Appendix B.docx")
		album := send(store.KindFile, "our budgets", "IMG_0001.jpg", "budget.ods")
		send(store.KindAudio, "", "voice.webm")
		w.send(c, u, "no file")
		for _, c := range []struct {
			name, q string
			want    []store.ID
		}{
			{"another form, folded", "отчета", []store.ID{report.ID}},
			{"part of a name", "final", []store.ID{report.ID}},
			{"the ending", "docx", []store.ID{report.ID}},
			{"a beginning of a name", "append*", []store.ID{report.ID}},
			{"of two files", "final appendix", []store.ID{report.ID}},
			{"text and name together", "our ods", []store.ID{album.ID}},
			{"a phrase in a name", `"IMG 0001"`, []store.ID{album.ID}},
			{"in both, once", "budget", []store.ID{album.ID}},
			{"recordings have no name", "voice", []store.ID{}},
		} {
			equal(w, c.name, found(c.q), c.want)
		}
		w.change(album.ID, func(m *store.Message) { m.Content = "our plans" })
		equal(w, "old text", found("budgets our"), []store.ID{album.ID}) // by the name of a file
		equal(w, "new text and name", found("plans ods"), []store.ID{album.ID})
		w.change(report.ID, func(m *store.Message) { m.DeletedAt = ptr(after(1)) })
		equal(w, "deleted", found("final"), []store.ID{})
		w.change(report.ID, func(m *store.Message) { m.DeletedAt = nil }) // which only shows that the words are there
		equal(w, "brought back", found("final"), []store.ID{report.ID})
		w.update(func(tx store.Tx) error { return tx.DeleteAttachmentsOf(w.Context(), report.ID) })
		equal(w, "without files", found("final"), []store.ID{})
	}},
	{"pages follow each other", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		var want, got []string
		for i := range 7 {
			text := fmt.Sprintf("page %d", i)
			w.send(c, u, text)
			want = append([]string{text}, want...)
		}
		var before store.ID
		for range 4 {
			found := read(w, func(tx store.Tx) ([]store.Message, error) {
				return tx.SearchMessages(w.Context(), u.ID, c.ID, "pages", before, 2)
			})
			for _, m := range found {
				got = append(got, m.Content)
				before = m.ID
			}
		}
		equal(w, "pages", got, want)
	}},
	{"a page follows a message that is gone", func(w *world) {
		u := w.user("u")
		c, gone := w.group(u), w.group(u)
		w.send(c, u, "page 0")
		early := w.send(gone, u, "page of the other chat")
		w.send(c, u, "page 1")
		late := w.send(gone, u, "page of the other chat")
		w.update(func(tx store.Tx) error { return tx.DeleteChat(w.Context(), gone.ID) })
		for before, want := range map[store.ID][]string{early.ID: {"page 0"}, late.ID: {"page 1", "page 0"}} {
			found := read(w, func(tx store.Tx) ([]store.Message, error) {
				return tx.SearchMessages(w.Context(), u.ID, "", "pages", before, 10)
			})
			var got []string
			for _, m := range found {
				got = append(got, m.Content)
			}
			equal(w, "the next page", got, want)
		}
	}},
	{"what is long or strange does no harm", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		for _, text := range []string{strings.Repeat("word ", 20_000), strings.Repeat("ж", 100_000), "ʼ ’ ′ \u0301 ٣٤ ⅷ ｆｕｌｌ"} {
			m := w.send(c, u, text)
			w.change(m.ID, func(m *store.Message) { m.Content = text + " edited" })
		}
		equal(w, "full-width", len(w.searchAs(u, c, "full", 10)), 1)
		equal(w, "a long word", len(w.searchAs(u, c, strings.Repeat("ж", 90_000), 10)), 1)
		equal(w, "many words", len(w.searchAs(u, c, strings.Repeat("word ", 1000), 10)), 1)
		err := w.s.View(w.Context(), func(tx store.Tx) error {
			return second(tx.SearchMessages(w.Context(), u.ID, "", "a\x00b", "", 5))
		})
		if !errors.Is(err, store.ErrBadText) {
			w.Errorf("got %v, want ErrBadText", err)
		}
	}},
}

// EarlierFiles tests that files which were sent before their names could be searched for are found after the migration
// that brings this. open opens a database, and db is the same one.
func EarlierFiles(t *testing.T, open func() store.Store, db *sql.DB, dialect goose.Dialect, files fs.FS) {
	s := open()
	w := &world{T: t, s: s, people: &atomic.Int64{}}
	u := w.user("u")
	c := w.group(u)
	many := 2*1000 + 1 // several batches
	w.update(func(tx store.Tx) error {
		for n := range many {
			m, err := w.post(tx, newMessage(c, u, fmt.Sprintf("file %d", n)))
			if err != nil {
				return err
			}
			a := store.Attachment{ID: store.NewID(), OwnerID: u.ID, MessageID: m.ID, Name: fmt.Sprintf("plan %d.pdf", n), CreatedAt: start}
			if err := tx.CreateAttachment(w.Context(), a); err != nil {
				return err
			}
		}
		return nil
	})
	// Made like this, the files are not indexed, as they were not by earlier versions.
	equal(w, "before", w.searchAs(u, c, "plan", 1), nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(dialect, db, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(context.Background(), 6); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second opening finds nothing to do
		w.s = open()
		equal(w, "all", len(w.searchAs(u, c, "plan", many+1)), many)
		equal(w, "the last one", w.searchAs(u, c, fmt.Sprintf("plan %d pdf", many-1), 10), []string{fmt.Sprintf("file %d", many-1)})
		if err := w.s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var left int
	if err := db.QueryRow(`SELECT COUNT(*) FROM words_due`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d are left to be done (%v)", left, err)
	}
}
