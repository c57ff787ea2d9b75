package chat_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

func TestSendReachesEveryMember(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		c := w.group(p[0], p[1], p[2])
		first := w.say(p[0], c, "one  \n")
		second := w.say(p[1], c, "  two")
		if first.Seq != 1 || second.Seq != 2 || second.Rev != first.Rev+1 {
			t.Errorf("seq %d, %d; rev %d, %d", first.Seq, second.Seq, first.Rev, second.Rev)
		}
		if first.Content != "one" || second.Content != "  two" || first.Status != chat.StatusSent || first.Kind != store.KindText {
			t.Errorf("%+v, %+v", first, second)
		}
		events := w.bus.take()
		if len(events) != 2 {
			t.Fatalf("%d events", len(events))
		}
		w.sent(events[:1], chat.EventMessageReceived, p[0], p[1], p[2])
		if got := events[0].Data.(chat.MessageEvent).Message; got.ID != first.ID {
			t.Errorf("announced %+v", got)
		}
	})
}

func TestSendRefuses(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		mine, other := w.group(p[0], p[1]), w.group(p[2])
		elsewhere := w.say(p[2], other, "hidden")
		w.bus.take()
		for name, c := range map[string]struct {
			in   chat.SendInput
			code string
		}{
			"a chat of others":         {chat.SendInput{ChatID: other, Content: "x"}, "not_found"},
			"no such chat":             {chat.SendInput{ChatID: store.NewID(), Content: "x"}, "not_found"},
			"no id at all":             {chat.SendInput{ChatID: "'; --", Content: "x"}, "not_found"},
			"empty":                    {chat.SendInput{ChatID: mine, Content: " \n"}, "invalid"},
			"too long":                 {chat.SendInput{ChatID: mine, Content: strings.Repeat("x", 8001)}, "invalid"},
			"NUL":                      {chat.SendInput{ChatID: mine, Content: "a\x00b"}, "invalid"},
			"quotes another chat":      {chat.SendInput{ChatID: mine, Content: "x", ReplyTo: elsewhere.ID}, "invalid"},
			"quotes nothing":           {chat.SendInput{ChatID: mine, Content: "x", ReplyTo: store.NewID()}, "invalid"},
			"carries what is not its":  {chat.SendInput{ChatID: mine, AttachmentIDs: []store.ID{store.NewID()}}, "invalid"},
			"a key too long":           {chat.SendInput{ChatID: mine, Content: "x", ClientID: strings.Repeat("x", 129)}, "invalid"},
			"a key with a line break":  {chat.SendInput{ChatID: mine, Content: "x", ClientID: "a\n"}, "invalid"},
			"the same upload twice":    {chat.SendInput{ChatID: mine, AttachmentIDs: []store.ID{elsewhere.ID, elsewhere.ID}}, "invalid"},
			"more uploads than fit":    {chat.SendInput{ChatID: mine, AttachmentIDs: make([]store.ID, 11)}, "invalid"},
			"an empty upload id alone": {chat.SendInput{ChatID: mine, AttachmentIDs: []store.ID{""}}, "invalid"},
		} {
			_, _, err := w.Send(t.Context(), p[0], c.in)
			w.refused(name, err, c.code)
		}
		if events := w.bus.take(); len(events) != 0 {
			t.Errorf("refusals were announced: %v", events)
		}
		if next := w.say(p[0], mine, "x"); next.Seq != 1 {
			t.Errorf("refusals left a gap: seq %d", next.Seq)
		}
	})
}

func TestSendCarriesAttachments(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c := w.group(p[0], p[1])
		upload := store.Attachment{ID: store.NewID(), OwnerID: p[0], Name: "a.png", Mime: "image/png", Size: 10, BlobKey: "k", CreatedAt: w.clock.now()}
		w.must(s.Update(t.Context(), func(tx store.Tx) error { return tx.CreateAttachment(t.Context(), upload) }))
		_, _, err := w.Send(t.Context(), p[1], chat.SendInput{ChatID: c, AttachmentIDs: []store.ID{upload.ID}})
		w.refused("somebody else's upload", err, "invalid")
		m, _, err := w.Send(t.Context(), p[0], chat.SendInput{ChatID: c, AttachmentIDs: []store.ID{upload.ID}})
		w.must(err)
		if m.Kind != store.KindFile || len(m.Attachments) != 1 || m.Attachments[0].Name != "a.png" || m.Attachments[0].URL == "" {
			t.Errorf("%+v", m)
		}
		_, _, err = w.Send(t.Context(), p[0], chat.SendInput{ChatID: c, AttachmentIDs: []store.ID{upload.ID}})
		w.refused("an upload that was sent", err, "invalid")
		_, err = w.Delete(t.Context(), p[0], m.ID)
		w.must(err)
		if err := s.View(t.Context(), func(tx store.Tx) error { _, err := tx.Attachment(t.Context(), upload.ID); return err }); err == nil {
			t.Error("the file of a deleted message stays")
		}
	})
}

func TestClientIDMakesSendRepeatable(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c, other := w.group(p[0], p[1]), w.group(p[0])
		quoted := w.say(p[1], c, "quote me")
		in := chat.SendInput{ChatID: c, Content: "hello ", ClientID: "k1", ReplyTo: quoted.ID}
		first, created, err := w.Send(t.Context(), p[0], in)
		w.must(err)
		if !created || first.ClientID != "k1" || first.ReplyTo != quoted.ID {
			t.Fatalf("%v %+v", created, first)
		}
		_, err = w.Edit(t.Context(), p[0], first.ID, "edited since")
		w.must(err)
		w.bus.take()
		in.Content = "hello" // what is kept of "hello "
		again, created, err := w.Send(t.Context(), p[0], in)
		w.must(err)
		if created || again.ID != first.ID || again.Seq != first.Seq || again.Content != "edited since" {
			t.Errorf("the repetition gave %v %+v", created, again)
		}
		if events := w.bus.take(); len(events) != 0 {
			t.Errorf("the repetition was announced: %v", events)
		}
		for name, change := range map[string]func(*chat.SendInput){
			"another text":  func(i *chat.SendInput) { i.Content = "bye" },
			"another chat":  func(i *chat.SendInput) { i.ChatID, i.ReplyTo = other, "" },
			"another quote": func(i *chat.SendInput) { i.ReplyTo = "" },
		} {
			different := in
			change(&different)
			_, _, err := w.Send(t.Context(), p[0], different)
			w.refused(name, err, "client_id_conflict")
		}
		in.ReplyTo = ""
		if _, created, err := w.Send(t.Context(), p[1], in); err != nil || !created {
			t.Errorf("another user's key: %v %v", created, err)
		}
		if m := w.say(p[0], c, "next"); m.Seq != 4 {
			t.Errorf("the repetitions left a gap: seq %d", m.Seq)
		}
		w.must(w.RemoveMember(t.Context(), p[0], c, p[1]))
		_, _, err = w.Send(t.Context(), p[1], in)
		w.refused("a repetition by somebody who is out", err, "not_found")
	})
}

// TestRacingSends checks what concurrency must not break: one message per key, gap-free seq, events in order of rev.
func TestRacingSends(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		c := w.group(p[0], p[1], p[2])
		const each = 12
		var wg sync.WaitGroup
		for i := range 9 {
			wg.Go(func() {
				for n := range each {
					in := chat.SendInput{ChatID: c, Content: "x"}
					if i%3 == 0 { // three goroutines of one person repeat each other
						in.ClientID = "k" + string(rune('a'+n))
					}
					m, _, err := w.Send(t.Context(), p[i%3], in)
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := w.React(t.Context(), p[i%3], m.ID, "👍", n%2 == 0); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		const want = 6*each + each
		list := w.history(p[0], c)
		if len(list) != want {
			t.Fatalf("%d messages, want %d", len(list), want)
		}
		for i, m := range list {
			if m.Seq != int64(i+1) {
				t.Fatalf("message %d has seq %d", i, m.Seq)
			}
		}
		var last int64
		for _, e := range w.bus.take() {
			rev := e.Data.(chat.MessageEvent).Message.Rev
			if rev != last+1 {
				t.Fatalf("%s of rev %d came after rev %d", e.Name, rev, last)
			}
			last = rev
		}
		page, err := w.History(t.Context(), p[0], store.MessageQuery{ChatID: c, Limit: 1})
		w.must(err)
		if page.LastRev != last || page.LastSeq != want || !page.HasMore {
			t.Errorf("%+v; the last event was of rev %d", page, last)
		}
	})
}

func TestEndCall(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c := w.direct(p[0], p[1])
		at := w.clock.now()
		answered, ended := at.Add(3e9), at.Add(65e9)
		call := store.Call{ID: store.NewID(), ChatID: c, StartedBy: p[0], StartedAt: at}
		w.must(s.Update(t.Context(), func(tx store.Tx) error { return tx.CreateCall(t.Context(), call) }))
		call.AnsweredAt, call.EndedAt, call.EndReason = &answered, &ended, "ended"
		unknown := call
		unknown.ID = store.NewID()
		w.refused("a call that is not in the history", w.EndCall(t.Context(), unknown), "not_found") // and leaves no message, see below
		w.must(w.EndCall(t.Context(), call))
		w.must(s.View(t.Context(), func(tx store.Tx) error {
			open, err := tx.OpenCalls(t.Context())
			if len(open) != 0 {
				t.Errorf("still open: %+v", open)
			}
			return err
		}))
		events := w.bus.take()
		w.sent(events, chat.EventMessageReceived, p[0], p[1])
		m := events[0].Data.(chat.MessageEvent).Message
		if m.Kind != store.KindCall || m.UserID != p[0] || !strings.Contains(string(m.Meta), `"duration":62`) {
			t.Errorf("%+v %s", m, m.Meta)
		}
		_, err := w.Edit(t.Context(), p[0], m.ID, "x")
		w.refused("editing a call", err, "not_editable")
		stored := w.history(p[1], c)
		if len(stored) != 1 || stored[0].ID != m.ID || string(stored[0].Meta) != string(m.Meta) {
			t.Errorf("%+v", stored)
		}
	})
}

func TestTypingGoesToTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enginetest.SQLite(t))
	p := w.people(4)
	c := w.group(p[0], p[1], p[2])
	w.must(w.Typing(t.Context(), p[0], "s", c, true))
	events := w.bus.take()
	w.sent(events, chat.EventTyping, p[1], p[2])
	if got := events[0].Data; got != (chat.TypingEvent{ChatID: c, UserID: p[0], On: true}) {
		t.Errorf("%+v", got)
	}
	w.refused("a stranger types", w.Typing(t.Context(), p[3], "s", c, true), "not_found")
}

func BenchmarkSend(b *testing.B) {
	for name, open := range map[string]func(testing.TB) store.Store{"sqlite": enginetest.SQLite, "postgres": enginetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			svc := chat.New(chat.Config{Store: s, Bus: &bus.Local{}})
			var ids []store.ID
			err := s.Update(b.Context(), func(tx store.Tx) error {
				for _, n := range []string{"a", "b"} {
					u := store.User{ID: store.NewID(), Email: n + "@example.com", Username: n + n, DisplayName: n,
						CreatedAt: time.Now(), UpdatedAt: time.Now()}
					ids = append(ids, u.ID)
					if err := tx.CreateUser(b.Context(), u); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			c, _, err := svc.CreateChat(b.Context(), ids[0], chat.CreateInput{Type: store.Group, Name: "g", MemberIDs: ids[1:]})
			if err != nil {
				b.Fatal(err)
			}
			for way, content := range map[string]string{"short": "hello", "long": "hello @bb"} {
				b.Run(way, func(b *testing.B) {
					b.ReportAllocs()
					b.SetParallelism(32) // senders on each core, who share commits
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if _, _, err := svc.Send(b.Context(), ids[0], chat.SendInput{ChatID: c.ID, Content: content}); err != nil {
								b.Error(err)
								return
							}
						}
					})
				})
			}
		})
	}
}
