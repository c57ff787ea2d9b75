package chat_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c := w.group(p[0])
		for i := range 7 {
			w.say(p[0], c, fmt.Sprint(i+1))
		}
		_, err := w.Edit(t.Context(), p[0], w.history(p[0], c)[1].ID, "2, again")
		w.must(err)
		for name, q := range map[string]struct {
			query store.MessageQuery
			want  string
			more  bool
		}{
			"the newest":          {store.MessageQuery{Limit: 3}, "[5 6 7]", true},
			"all":                 {store.MessageQuery{Limit: 7}, "[1 2 3 4 5 6 7]", false},
			"by default":          {store.MessageQuery{}, "[1 2 3 4 5 6 7]", false},
			"before":              {store.MessageQuery{Before: ptr(int64(5)), Limit: 3}, "[2 3 4]", true},
			"the first before":    {store.MessageQuery{Before: ptr(int64(4)), Limit: 3}, "[1 2 3]", false},
			"before the first":    {store.MessageQuery{Before: ptr(int64(1)), Limit: 3}, "[]", false},
			"after":               {store.MessageQuery{After: ptr(int64(3)), Limit: 2}, "[4 5]", true},
			"after the last":      {store.MessageQuery{After: ptr(int64(7)), Limit: 2}, "[]", false},
			"the rest after":      {store.MessageQuery{After: ptr(int64(5)), Limit: 2}, "[6 7]", false},
			"since a rev":         {store.MessageQuery{SinceRev: ptr(int64(6)), Limit: 10}, "[7 2]", false},
			"since a rev, in two": {store.MessageQuery{SinceRev: ptr(int64(0)), Limit: 2}, "[1 3]", true},
			"since the last rev":  {store.MessageQuery{SinceRev: ptr(int64(8)), Limit: 2}, "[]", false},
			"beyond everything":   {store.MessageQuery{SinceRev: ptr(int64(1) << 62), Limit: 2}, "[]", false},
		} {
			q.query.ChatID = c
			page, err := w.History(t.Context(), p[0], q.query)
			w.must(err)
			seqs := []int64{}
			for _, m := range page.Items {
				seqs = append(seqs, m.Seq)
			}
			if fmt.Sprint(seqs) != q.want || page.HasMore != q.more || page.LastSeq != 7 || page.LastRev != 8 {
				t.Errorf("%s: %v %+v", name, seqs, page)
			}
		}
		one := int64(1)
		minus := int64(-1)
		for name, q := range map[string]store.MessageQuery{
			"two places": {ChatID: c, Before: &one, After: &one}, "a negative seq": {ChatID: c, Before: &minus},
			"too many": {ChatID: c, Limit: chat.MaxMessages + 1}, "a negative number": {ChatID: c, Limit: -1},
		} {
			_, err := w.History(t.Context(), p[0], q)
			w.refused(name, err, "invalid")
		}
		_, err = w.History(t.Context(), p[1], store.MessageQuery{ChatID: c})
		w.refused("a stranger", err, "not_found")
	})
}

// replica is a client's copy of a chat that only knows sinceRev.
type replica struct {
	rev      int64
	messages map[store.ID]chat.Message
}

func (r *replica) pull(w *world, viewer, chatID store.ID, limit int) {
	for {
		page, err := w.History(w.Context(), viewer, store.MessageQuery{ChatID: chatID, SinceRev: &r.rev, Limit: limit})
		w.must(err)
		for _, m := range page.Items {
			r.messages[m.ID] = m
			r.rev = m.Rev
		}
		if !page.HasMore {
			r.rev = page.LastRev
			return
		}
	}
}

// TestSinceRevEndsInTheServersState is the promise to a client that was away: random changes, pulls at random moments
// and in pages of random size, and in the end the copy is what the server has.
func TestSinceRevEndsInTheServersState(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		for seed := range uint64(8) {
			random := rand.New(rand.NewPCG(seed, 1))
			c := w.group(p[0], p[1], p[2])
			var sent []store.ID
			copies := []*replica{{messages: map[store.ID]chat.Message{}}, {messages: map[store.ID]chat.Message{}}}
			for range 80 {
				who := p[random.IntN(len(p))]
				var err error
				pick := func() store.ID { return sent[random.IntN(len(sent))] }
				switch op := random.IntN(10); {
				case op < 3 || len(sent) == 0:
					sent = append(sent, w.say(who, c, []string{"x", "@person1", "@nobody"}[random.IntN(3)]).ID)
				case op == 3:
					_, err = w.React(t.Context(), who, pick(), "👍", random.IntN(2) == 0)
				case op == 4:
					_, err = w.Edit(t.Context(), who, pick(), fmt.Sprint("@person", random.IntN(4), " ", random.Int()))
				case op == 5 && random.IntN(3) == 0:
					_, err = w.Delete(t.Context(), who, pick())
				case op == 6:
					_, err = w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Name: ptr(fmt.Sprint("name ", random.Int()))})
				case op == 7:
					_, err = w.Pin(t.Context(), who, pick(), random.IntN(3) > 0)
				case op == 8:
					var m chat.Message
					if m, _, err = w.Send(t.Context(), who, chat.SendInput{ChatID: c, ForwardOf: pick()}); err == nil {
						sent = append(sent, m.ID)
					}
				case op == 9:
					copies[random.IntN(2)].pull(w, p[random.IntN(len(p))], c, 1+random.IntN(5))
				}
				_ = err // refusals (not the author, deleted) are part of the game
			}
			truth := w.history(p[0], c)
			for i, r := range copies {
				r.pull(w, p[1], c, 3)
				if len(r.messages) != len(truth) {
					t.Fatalf("seed %d: copy %d has %d messages, the server %d", seed, i, len(r.messages), len(truth))
				}
				for _, m := range truth {
					if fmt.Sprintf("%+v", show(r.messages[m.ID])) != fmt.Sprintf("%+v", show(m)) {
						t.Fatalf("seed %d: copy %d has %+v, the server %+v", seed, i, r.messages[m.ID], m)
					}
				}
			}
		}
	})
}

// show is a message without what is not a matter of revisions.
func show(m chat.Message) string {
	return fmt.Sprint(m.ID, m.Seq, m.Rev, m.Kind, m.Content, string(m.Meta), m.Reactions, m.EditedAt != nil, m.DeletedAt != nil,
		m.Mentions, m.PinnedBy, m.PinnedAt != nil, m.ForwardedFrom)
}

func TestReadyState(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		g, d := w.group(p[0], p[1]), w.direct(p[2], p[0])
		w.group(p[1], p[3])
		m := w.say(p[1], g, "x")
		w.say(p[1], g, "y")
		w.must(w.Read(t.Context(), p[0], "", m.ID))
		svc := chat.New(chat.Config{Store: s, Bus: w.bus, Calls: inCall(d)})
		ready, contacts, err := svc.ReadyState(t.Context(), p[0])
		w.must(err)
		if len(ready) != 2 || len(contacts) != 2 {
			t.Fatalf("%+v, %v", ready, contacts)
		}
		for _, r := range ready {
			switch r.ID {
			case g:
				if r.LastSeq != 2 || r.LastRev != 2 || r.ReadSeq != 1 || r.ActiveCall != nil {
					t.Errorf("%+v", r)
				}
			case d:
				if r.LastSeq != 0 || r.ActiveCall == nil {
					t.Errorf("%+v", r)
				}
			default:
				t.Errorf("a chat of others: %+v", r)
			}
		}
	})
}
