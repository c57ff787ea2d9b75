package chat_test

import (
	"context"
	"fmt"
	"testing"

	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

func TestABlockKeepsTwoPeopleApart(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		direct, group := w.direct(p[0], p[1]), w.group(p[0], p[1])
		own := w.group(p[0])
		before := w.say(p[0], direct, "before")
		_, err := w.React(t.Context(), p[1], before.ID, "👎", true)
		w.must(err)
		w.bus.take()
		w.must(w.Block(t.Context(), p[1], p[0], true))
		w.sent(w.bus.take(), chat.EventUserBlocked, p[1])
		w.must(w.Block(t.Context(), p[1], p[0], true))
		if len(w.bus.take()) != 0 {
			t.Error("the same block again was announced")
		}
		for i, who := range p[:2] {
			_, _, err := w.Send(t.Context(), who, chat.SendInput{ChatID: direct, Content: "x"})
			w.refused("a message", err, "blocked")
			w.refused("typing", w.Typing(t.Context(), who, "", direct, true), "blocked")
			_, _, err = w.Access(t.Context(), who, direct)
			w.refused("a call", err, "blocked")
			_, err = w.Enter(t.Context(), who, direct)
			w.refused("joining it", err, "blocked")
			w.refused("an edit", errOf(w.Edit(t.Context(), who, before.ID, "x")), "blocked")
			w.refused("a reaction", errOf(w.React(t.Context(), who, before.ID, "👍", true)), "blocked")
			w.refused("a pin", errOf(w.Pin(t.Context(), who, before.ID, true)), "blocked")
			_, created, err := w.CreateChat(t.Context(), who, chat.CreateInput{Type: store.Direct, MemberIDs: []store.ID{p[1-i]}})
			if err != nil || created {
				t.Errorf("the chat that there is: %v %v", created, err)
			}
			if list := w.history(who, direct); len(list) != 1 || list[0].ID != before.ID {
				t.Errorf("%+v", list)
			}
		}
		_, err = w.React(t.Context(), p[1], before.ID, "👎", false)
		w.must(err)
		w.say(p[0], group, "groups go on")
		_, err = w.AddMember(t.Context(), p[0], own, p[1], "")
		w.refused("adding who blocks", err, "blocked")
		w.must(w.Block(t.Context(), p[2], p[3], true))
		_, _, err = w.CreateChat(t.Context(), p[3], chat.CreateInput{Type: store.Direct, MemberIDs: []store.ID{p[2]}})
		w.refused("a new chat", err, "blocked")
		for i, who := range []store.ID{p[2], p[3]} {
			_, _, err = w.CreateChat(t.Context(), who, chat.CreateInput{Type: store.Group, Name: "g", MemberIDs: []store.ID{p[0], p[3-i]}})
			w.refused("a new group", err, "blocked")
		}
		w.group(p[0], p[2], p[3]) // of somebody who has nothing to do with it

		list, err := w.Blocks(t.Context(), p[1])
		w.must(err)
		if len(list) != 1 || list[0].ID != p[0] || list[0].Username != "person0" {
			t.Errorf("%+v", list)
		}
		if theirs, err := w.Blocks(t.Context(), p[0]); err != nil || len(theirs) != 0 {
			t.Errorf("%+v %v", theirs, err)
		}
		w.must(w.Block(t.Context(), p[1], p[0], false))
		w.must(errOf(w.Edit(t.Context(), p[0], before.ID, "edited")))
		if m := w.say(p[0], direct, "again"); m.Seq != 2 {
			t.Errorf("seq %d", m.Seq)
		}
		w.refused("oneself", w.Block(t.Context(), p[0], p[0], true), "invalid")
		w.refused("nobody", w.Block(t.Context(), p[0], store.NewID(), true), "not_found")
	})
}

func TestWhatWasSentBeforeABlockIsStillAnswered(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c := w.direct(p[0], p[1])
		keep := func(ctx context.Context) (store.Attachment, error) {
			a := store.Attachment{ID: store.NewID(), OwnerID: p[0], Name: "voice.ogg", Mime: "audio/ogg", BlobKey: "k", CreatedAt: w.clock.now()}
			return a, s.Update(ctx, func(tx store.Tx) error { return tx.CreateAttachment(ctx, a) })
		}
		source := w.say(p[0], c, "pass it on")
		for name, send := range map[string]func(clientID string) (chat.Message, bool, error){
			"a text": func(k string) (chat.Message, bool, error) {
				return w.Send(t.Context(), p[0], chat.SendInput{ChatID: c, Content: "x", ClientID: k})
			},
			"a forwarded one": func(k string) (chat.Message, bool, error) {
				return w.Send(t.Context(), p[0], chat.SendInput{ChatID: c, ForwardOf: source.ID, ClientID: k})
			},
			"a recording": func(k string) (chat.Message, bool, error) {
				return w.SendAudio(t.Context(), p[0], chat.AudioInput{ChatID: c, ClientID: k, Keep: keep})
			},
		} {
			first, _, err := send(name)
			w.must(err)
			w.must(w.Block(t.Context(), p[1], p[0], true))
			again, created, err := send(name)
			if err != nil || created || again.ID != first.ID {
				t.Errorf("%s: the repetition gave %v, %v, %+v", name, err, created, again)
			}
			_, _, err = send("new " + name)
			w.refused("another", err, "blocked")
			w.must(w.Block(t.Context(), p[1], p[0], false))
		}
	})
}

func TestAFullListTakesWhoIsOnIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enginetest.SQLite(t))
	p := w.people(2)
	at := w.clock.now()
	w.must(w.store.Update(t.Context(), func(tx store.Tx) error {
		for n := range chat.MaxBlocks {
			name := fmt.Sprintf("blocked%d", n)
			u := store.User{ID: store.NewID(), Email: name + "@example.com", Username: name, CreatedAt: at, UpdatedAt: at}
			if n == 0 {
				u = store.User{ID: p[1]}
			} else if err := tx.CreateUser(t.Context(), u); err != nil {
				return err
			}
			if _, err := tx.SetBlock(t.Context(), p[0], u.ID, true, at); err != nil {
				return err
			}
		}
		return nil
	}))
	w.must(w.Block(t.Context(), p[0], p[1], true))
	w.refused("one more", w.Block(t.Context(), p[0], w.person("new"), true), "too_many_blocks")
}
