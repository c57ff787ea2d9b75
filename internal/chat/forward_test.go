package chat_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/internal/attach"
	"confab/internal/blob"
	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

func (w *world) forward(actor, to, message store.ID) chat.Message {
	w.Helper()
	return w.post(actor, chat.SendInput{ChatID: to, ForwardOf: message})
}

func TestForward(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		ann, bob, cat := w.person("ann"), w.person("bob"), w.person("cat")
		here, there := w.group(ann, bob), w.group(bob, cat)
		said := w.say(ann, here, "hello @cat, @bob")
		w.bus.take()
		got := w.forward(bob, there, said.ID)
		if got.UserID != bob || got.ChatID != there || got.Seq != 1 || got.Kind != store.KindText || got.Content != said.Content ||
			*got.ForwardedFrom != (chat.Origin{UserID: ann, CreatedAt: said.CreatedAt}) || got.ReplyTo != "" {
			t.Errorf("%+v", got)
		}
		if want := []store.ID{bob, cat}; !slices.Equal(got.Mentions, want) { // those who are there
			t.Errorf("names %v, want %v", got.Mentions, want)
		}
		events := w.bus.take()
		w.sent(events, chat.EventMessageReceived, bob, cat)
		if told := fmt.Sprintf("%+v", events); strings.Contains(told, string(here)) || strings.Contains(told, string(said.ID)) {
			t.Errorf("it tells where it comes from: %s", told)
		}
		onward := w.forward(cat, w.direct(cat, ann), got.ID)
		if *onward.ForwardedFrom != *got.ForwardedFrom {
			t.Errorf("the origin changed: %+v", onward.ForwardedFrom)
		}
		if own := w.forward(ann, here, said.ID); own.Seq != 2 || own.ForwardedFrom.UserID != ann {
			t.Errorf("%+v", own)
		}
		w.refused("changing it", errOf(w.Edit(t.Context(), bob, got.ID, "x")), "not_editable")

		again := chat.SendInput{ChatID: there, ForwardOf: said.ID, ClientID: "k"}
		first, created, err := w.Send(t.Context(), bob, again)
		w.must(err)
		w.must(errOf(w.Delete(t.Context(), ann, said.ID)))
		repeated, second, err := w.Send(t.Context(), bob, again)
		w.must(err)
		if !created || second || repeated.ID != first.ID {
			t.Errorf("repeated: %v %v", created, second)
		}
		again.ForwardOf = onward.ID
		w.refused("the same key for another", errOf2(w.Send(t.Context(), bob, again)), "client_id_conflict")
		w.refused("the same key for words", errOf2(w.Send(t.Context(), bob, chat.SendInput{ChatID: there, Content: "x", ClientID: "k"})), "client_id_conflict")
		if list := w.history(cat, there); list[0].Content != said.Content || *list[0].ForwardedFrom != *got.ForwardedFrom {
			t.Errorf("%+v", list[0])
		}
		gone, err := w.Delete(t.Context(), bob, got.ID)
		w.must(err)
		if gone.ForwardedFrom != nil {
			t.Errorf("a tombstone tells %+v", gone)
		}
	})
}

func TestForwardRefuses(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		mine, other, foreign := w.group(p[0], p[1]), w.group(p[0]), w.group(p[2])
		direct := w.direct(p[0], p[3])
		m, deleted, hidden := w.say(p[1], mine, "x"), w.say(p[0], mine, "gone"), w.say(p[2], foreign, "hidden")
		w.must(errOf(w.Delete(t.Context(), p[0], deleted.ID)))
		w.must(errOf(w.UpdateChat(t.Context(), p[0], mine, chat.ChatPatch{Name: ptr("Renamed")})))
		system := w.history(p[0], mine)[2]
		w.must(w.Block(t.Context(), p[3], p[0], true))
		w.bus.take()
		for name, c := range map[string]struct {
			in   chat.SendInput
			code string
		}{
			"a tombstone":            {chat.SendInput{ChatID: other, ForwardOf: deleted.ID}, "invalid"},
			"a note of the server's": {chat.SendInput{ChatID: other, ForwardOf: system.ID}, "invalid"},
			"a message of others":    {chat.SendInput{ChatID: other, ForwardOf: hidden.ID}, "invalid"},
			"no message":             {chat.SendInput{ChatID: other, ForwardOf: store.NewID()}, "invalid"},
			"no id":                  {chat.SendInput{ChatID: other, ForwardOf: "x"}, "invalid"},
			"into a chat of others":  {chat.SendInput{ChatID: foreign, ForwardOf: m.ID}, "not_found"},
			"into no chat":           {chat.SendInput{ChatID: store.NewID(), ForwardOf: m.ID}, "not_found"},
			"to who blocks":          {chat.SendInput{ChatID: direct, ForwardOf: m.ID}, "blocked"},
			"with words":             {chat.SendInput{ChatID: other, ForwardOf: m.ID, Content: "x"}, "invalid"},
			"as a reply":             {chat.SendInput{ChatID: mine, ForwardOf: m.ID, ReplyTo: m.ID}, "invalid"},
			"with files":             {chat.SendInput{ChatID: other, ForwardOf: m.ID, AttachmentIDs: []store.ID{store.NewID()}}, "invalid"},
		} {
			_, _, err := w.Send(t.Context(), p[0], c.in)
			w.refused(name, err, c.code)
		}
		if events := w.bus.take(); len(events) != 0 {
			t.Errorf("refusals were announced: %v", events)
		}
		w.must(w.RemoveMember(t.Context(), p[0], mine, p[1]))
		w.refused("one's own, from a chat that one has left", errOf2(w.Send(t.Context(), p[1], chat.SendInput{ChatID: w.group(p[1]), ForwardOf: m.ID})), "invalid")
	})
}

// TestForwardedFiles passes files on, and takes the originals away: what shares their bytes keeps them.
func TestForwardedFiles(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		blobs, err := blob.OpenDir(t.TempDir())
		w.must(err)
		now := time.Now()
		files := attach.New(attach.Config{Store: s, Blobs: blobs, Secret: []byte("0123456789abcdef0123456789abcdef"), Quota: 25,
			Now: func() time.Time { return now }})
		w.Service = chat.New(chat.Config{Store: s, Bus: w.bus, Now: w.clock.now, Afford: files.Afford})
		ann, bob := w.person("ann"), w.person("bob")
		c := w.group(ann, bob)
		upload := func(owner store.ID, name, content string) store.Attachment {
			t.Helper()
			file, err := files.Receive(t.Context(), owner, attach.ForMessage, name, strings.NewReader(content), int64(len(content)))
			w.must(err)
			defer file.Discard()
			a, err := file.Keep(t.Context())
			w.must(err)
			return a
		}
		send := func(owner store.ID, ids ...store.ID) chat.Message {
			t.Helper()
			m, _, err := w.Send(t.Context(), owner, chat.SendInput{ChatID: c, Content: "caption", AttachmentIDs: ids})
			w.must(err)
			return m
		}
		original := send(ann, upload(ann, "one", "0123456789").ID, upload(ann, "two", "9876543210").ID)
		var copied chat.Message
		for range 2 { // the second takes no more room
			copied = w.forward(bob, c, original.ID)
			w.forward(ann, c, original.ID)
		}
		if copied.Kind != store.KindFile || copied.Content != "caption" || len(copied.Attachments) != 2 ||
			copied.Attachments[0].Name != "one" || copied.Attachments[1].Name != "two" || copied.Attachments[0].ID == original.Attachments[0].ID {
			t.Errorf("%+v", copied)
		}
		more := send(ann, upload(ann, "more", "x").ID, upload(ann, "and more", "abcd").ID)
		w.forward(bob, c, more.ID)
		w.must(errOf(w.Delete(t.Context(), ann, more.ID))) // bob's stay
		full := send(ann, upload(ann, "full", "y").ID)
		_, _, err = w.Send(t.Context(), bob, chat.SendInput{ChatID: c, ForwardOf: full.ID})
		w.refused("more than there is room for", err, "quota_exceeded")

		for _, m := range w.history(ann, c) {
			if m.ID != copied.ID && m.DeletedAt == nil {
				w.must(errOf(w.Delete(t.Context(), m.UserID, m.ID)))
			}
		}
		now = now.Add(2 * attach.Grace)
		if done, err := files.Collect(t.Context()); err != nil || done.Blobs != 3 {
			t.Errorf("collected %+v, %v", done, err)
		}
		for i, want := range []string{"0123456789", "9876543210"} {
			f, err := files.Open(t.Context(), attach.Request{ID: copied.Attachments[i].ID, Actor: ann})
			w.must(err)
			if got, err := io.ReadAll(f); string(got) != want || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			w.must(f.Close())
		}
		w.must(errOf(w.Delete(t.Context(), bob, copied.ID)))
		if done, err := files.Collect(t.Context()); err != nil || done.Blobs != 2 {
			t.Errorf("collected %+v, %v", done, err)
		}
	})
}

// recording is a voice message of somebody's into a chat.
func (w *world) recording(chatID, owner store.ID) chat.AudioInput {
	return chat.AudioInput{ChatID: chatID, Keep: func(ctx context.Context) (store.Attachment, error) {
		a := store.Attachment{ID: store.NewID(), OwnerID: owner, Name: "audio.ogg", Mime: "audio/ogg", Size: 10, DurationMs: 1500,
			Waveform: []byte{0, 128, 255}, BlobKey: "key", CreatedAt: w.clock.now()}
		return a, w.store.Update(ctx, func(tx store.Tx) error { return tx.CreateAttachment(ctx, a) })
	}}
}

func TestAForwardedRecordingKeepsItsWaveform(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c, to := w.group(p[0], p[1]), w.group(p[1])
		m, _, err := w.SendAudio(t.Context(), p[0], w.recording(c, p[0]))
		w.must(err)
		got := w.forward(p[1], to, m.ID)
		if got.Kind != store.KindAudio || len(got.Attachments) != 1 || got.Attachments[0].DurationMs != m.Attachments[0].DurationMs ||
			!slices.Equal(got.Attachments[0].Waveform, m.Attachments[0].Waveform) || len(m.Attachments[0].Waveform) == 0 || m.Attachments[0].DurationMs == 0 {
			t.Errorf("%+v of %+v", got.Attachments, m.Attachments)
		}
	})
}
