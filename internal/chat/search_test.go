package chat_test

import (
	"slices"
	"strings"
	"testing"

	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

// TestSearchFollowsWhatHappens looks for the same word after each thing that changes who may find it, and where.
func TestSearchFollowsWhatHappens(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		ann, bob := w.person("ann"), w.person("bob")
		shared, own := w.group(ann, bob), w.group(bob)
		finds := func(who store.ID, q string, want ...store.ID) {
			t.Helper()
			page, err := w.SearchMessages(t.Context(), who, "", q, 0, "")
			w.must(err)
			var got []store.ID
			for _, m := range page.Items {
				got = append(got, m.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", q, got, want)
			}
		}
		m := w.say(ann, shared, "Красные яблоки, the servers were running")
		finds(bob, "яблоко", m.ID)
		finds(bob, `server run "красные яблоки"`, m.ID)
		copied := w.forward(bob, own, m.ID)
		finds(bob, "красн*", copied.ID, m.ID)
		finds(ann, "красн*", m.ID)
		w.must(errOf(w.Edit(t.Context(), ann, m.ID, "Зелёные груши")))
		finds(bob, "яблоко", copied.ID)
		finds(bob, "зеленая груша", m.ID)
		_, err := w.Pin(t.Context(), bob, m.ID, true)
		w.must(err)
		if page, err := w.SearchMessages(t.Context(), ann, shared, "груша", 0, ""); err != nil || len(page.Items) != 1 || page.Items[0].PinnedBy != bob {
			t.Errorf("%+v, %v", page, err)
		}
		w.must(w.RemoveMember(t.Context(), ann, shared, bob))
		finds(bob, "груша")
		finds(ann, "груша", m.ID)
		_, err = w.SearchMessages(t.Context(), bob, shared, "груша", 0, "")
		w.refused("a chat that one is out of", err, "not_found")
		w.must(errOf(w.Delete(t.Context(), ann, m.ID)))
		finds(ann, "груша")
		w.must(w.DeleteChat(t.Context(), bob, own))
		finds(bob, "яблоко")
	})
}

func TestSearchTakesAnything(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		ann := w.person("ann")
		c := w.group(ann)
		w.say(ann, c, "a b NEAR words")
		for _, q := range []string{"'", `"`, `""`, "*", "a*b*", "(", "))((", "AND", "a OR", "NOT a", "NEAR(a b, 3)", "^a", "words:a", "'a' & !b", "a <-> b",
			"--", "; DROP TABLE messages", "%_\\", "$1 ?1", ":*", strings.Repeat("я", 100), strings.Repeat(`"a" `, 25), "\u200dx", "🏔"} {
			if _, err := w.SearchMessages(t.Context(), ann, "", q, 0, ""); err != nil {
				t.Errorf("%q: %v", q, err)
			}
		}
		for name, ask := range map[string]struct {
			q, cursor string
			limit     int
		}{
			"nothing": {}, "space": {q: "  "}, "NUL": {q: "a\x00"}, "invalid UTF-8": {q: "\xff"}, "a turn": {q: "a\u202eb"}, "too long": {q: strings.Repeat("x", 101)},
			"a made-up cursor": {q: "a", cursor: "x"}, "too many": {q: "a", limit: chat.MaxHits + 1}, "fewer than none": {q: "a", limit: -1},
		} {
			_, err := w.SearchMessages(t.Context(), ann, "", ask.q, ask.limit, ask.cursor)
			w.refused(name, err, "invalid")
		}
	})
}
