package chat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

// ranks orders roles, "" being no member.
var ranks = map[store.Role]int{"": 0, store.RoleMember: 1, store.RoleAdmin: 2, store.RoleOwner: 3}

// TestRolesInFull tries every role on every role in every way, in a group that has a second owner throughout.
func TestRolesInFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enginetest.SQLite(t))
	p := w.people(4)
	root, actor, target, newcomer := p[0], p[1], p[2], p[3]
	roles := []store.Role{store.RoleMember, store.RoleAdmin, store.RoleOwner}
	setup := func(actorRole, targetRole store.Role) store.ID {
		c := w.group(root)
		for id, role := range map[store.ID]store.Role{actor: actorRole, target: targetRole} {
			if role != "" {
				_, err := w.AddMember(t.Context(), root, c, id, role)
				w.must(err)
			}
		}
		return c
	}
	expect := func(what string, err error, actorRole store.Role, allowed bool) {
		switch {
		case actorRole == "":
			w.refused(what, err, "not_found")
		case allowed && err != nil:
			t.Errorf("%s: %v", what, err)
		case !allowed:
			w.refused(what, err, "forbidden")
		}
	}
	for _, a := range append(roles, "") {
		manager := ranks[a] >= ranks[store.RoleAdmin]
		for _, r := range roles {
			c := setup(a, "")
			_, err := w.AddMember(t.Context(), actor, c, newcomer, r)
			expect(fmt.Sprintf("%q adds a %s", a, r), err, a, manager && ranks[r] <= ranks[a])

			c = setup(a, r)
			err = w.RemoveMember(t.Context(), actor, c, target)
			expect(fmt.Sprintf("%q removes a %s", a, r), err, a, manager && ranks[r] <= ranks[a])

			for _, to := range roles {
				c = setup(a, r)
				_, err = w.SetRole(t.Context(), actor, c, target, to)
				expect(fmt.Sprintf("%q makes a %s a %s", a, r, to), err, a, manager && max(ranks[r], ranks[to]) <= ranks[a])
			}
			if a != "" {
				c = setup(a, "")
				_, err = w.SetRole(t.Context(), actor, c, actor, r)
				expect(fmt.Sprintf("%q makes themselves a %s", a, r), err, a, ranks[r] <= ranks[a])
			}
		}
	}
}

func TestAddMember(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		c, d := w.group(p[0], p[1]), w.direct(p[0], p[1])
		w.say(p[0], c, "before")
		w.bus.take()
		m, err := w.AddMember(t.Context(), p[0], c, p[2], "")
		w.must(err)
		if m.Role != store.RoleMember || m.ReadSeq != 2 || m.DeliveredSeq != 2 || m.Username != "person2" {
			t.Errorf("%+v", m)
		}
		events := w.bus.take()
		w.sent(events, chat.EventChatCreated, p[2])
		w.sent(events, chat.EventMemberAdded, p[0], p[1])
		w.sent(events, chat.EventMessageReceived, p[0], p[1], p[2])
		view := named(events, chat.EventChatCreated)[0].Data.(chat.ChatCreatedEvent).Chat
		if view.UnreadCount != 0 || view.MyRole != store.RoleMember || len(view.Members) != 3 || view.LastSeq != 2 {
			t.Errorf("%+v", view)
		}
		if list := w.history(p[2], c); len(list) != 2 || list[1].Kind != store.KindSystem {
			t.Errorf("%+v", list)
		}
		_, err = w.AddMember(t.Context(), p[0], c, p[2], "")
		w.refused("twice", err, "already_member")
		_, err = w.AddMember(t.Context(), p[0], d, p[2], "")
		w.refused("a direct chat", err, "direct_chat")
		_, err = w.AddMember(t.Context(), p[0], c, store.NewID(), "")
		w.refused("nobody", err, "invalid")
		_, err = w.AddMember(t.Context(), p[0], c, p[3], "king")
		w.refused("no such role", err, "invalid")
	})
}

func TestLeavingAndTheLastOwner(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		c := w.group(p[0], p[1], p[2])
		w.refused("the last owner leaves", w.RemoveMember(t.Context(), p[0], c, p[0]), "last_owner")
		_, err := w.SetRole(t.Context(), p[0], c, p[0], store.RoleMember)
		w.refused("the last owner steps down", err, "last_owner")
		_, err = w.SetRole(t.Context(), p[0], c, p[1], store.RoleOwner)
		w.must(err)
		w.sent(w.bus.take(), chat.EventMemberUpdated, p...)
		w.must(w.RemoveMember(t.Context(), p[0], c, p[0]))
		events := w.bus.take()
		w.sent(events, chat.EventChatRemoved, p[0])
		w.sent(events, chat.EventMemberRemoved, p[1], p[2])
		w.sent(events, chat.EventMessageReceived, p[1], p[2])
		_, err = w.Chat(t.Context(), p[0], c)
		w.refused("the one who left", err, "not_found")
		w.must(w.RemoveMember(t.Context(), p[2], c, p[2]))
		w.bus.take()
		w.must(w.RemoveMember(t.Context(), p[1], c, p[1]))
		w.sent(w.bus.take(), chat.EventChatRemoved, p[1])
		err = s.View(t.Context(), func(tx store.Tx) error {
			_, err := tx.Chat(t.Context(), c)
			return err
		})
		if err == nil {
			t.Error("a group without members is kept")
		}
		d := w.direct(p[0], p[1])
		w.refused("leaving a direct chat", w.RemoveMember(t.Context(), p[0], d, p[0]), "direct_chat")
	})
}

// TestRemovalActsAtThatInstant removes somebody while others talk: after the news of it, nothing more goes to them.
func TestRemovalActsAtThatInstant(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		c := w.group(p[0], p[1], p[2], p[3])
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for _, who := range p[:2] {
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, _, err := w.Send(t.Context(), who, chat.SendInput{ChatID: c, Content: "x"}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var order []bus.Event
		for _, gone := range p[2:] {
			for range 3 {
				w.must(w.RemoveMember(t.Context(), p[0], c, gone))
				_, err := w.AddMember(t.Context(), p[0], c, gone, "")
				w.must(err)
			}
		}
		stop()
		wg.Wait()
		order = w.bus.take()
		for _, gone := range p[2:] {
			in := true
			for _, e := range order {
				if !slices.Contains(e.To, gone) {
					continue
				}
				switch e.Name {
				case chat.EventChatRemoved:
					in = false
				case chat.EventChatCreated:
					in = true
				default:
					if !in {
						t.Fatalf("%s went to somebody who was out", e.Name)
					}
				}
			}
		}
	})
}

func TestDeparture(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(5)
		gone := p[0]
		owned := w.group(gone, p[1], p[2])
		_, err := w.SetRole(t.Context(), gone, owned, p[2], store.RoleAdmin)
		w.must(err)
		shared, alone, direct := w.group(p[3], gone), w.group(gone), w.direct(gone, p[4])
		w.say(gone, owned, "I was here")
		w.bus.take()

		depart := func(fail error) error {
			var done func(bool)
			err := s.Update(t.Context(), func(tx store.Tx) error {
				at := w.clock.now()
				u, err := tx.LockUser(t.Context(), gone)
				if err != nil {
					return err
				}
				u.DeletedAt = &at
				if err := tx.UpdateUser(t.Context(), u); err != nil {
					return err
				}
				if done, err = w.Depart(t.Context(), tx, gone); err != nil {
					return err
				}
				return fail
			})
			done(err == nil)
			return err
		}
		if err := depart(context.Canceled); err == nil || len(w.bus.take()) != 0 {
			t.Fatalf("a departure that was rolled back was announced (%v)", err)
		}
		w.must(depart(nil))
		events := w.bus.take()
		w.sent(events, chat.EventMemberRemoved, p[1], p[2], p[3])
		w.sent(events, chat.EventUserUpdated, p[1:]...)
		view, err := w.Chat(t.Context(), p[2], owned)
		w.must(err)
		if view.MyRole != store.RoleOwner || len(view.Members) != 2 {
			t.Errorf("%+v", view)
		}
		if list := w.history(p[1], owned); len(list) != 2 || list[0].Content != "I was here" || list[0].UserID != gone {
			t.Errorf("%+v", list)
		}
		if view, err := w.Chat(t.Context(), p[4], direct); err != nil || !memberIn(view, gone).Deleted || memberIn(view, gone).Username != "" {
			t.Errorf("%+v, %v", view, err)
		}
		if view, err := w.Chat(t.Context(), p[3], shared); err != nil || len(view.Members) != 1 {
			t.Errorf("%+v, %v", view, err)
		}
		if err := s.View(t.Context(), func(tx store.Tx) error { _, err := tx.Chat(t.Context(), alone); return err }); err == nil {
			t.Error("a group without members is kept")
		}
		_, _, err = w.CreateChat(t.Context(), p[1], chat.CreateInput{Type: store.Direct, MemberIDs: []store.ID{gone}})
		w.refused("a new chat with a deleted account", err, "invalid")
		_, err = w.AddMember(t.Context(), p[3], shared, gone, "")
		w.refused("adding a deleted account", err, "invalid")
	})
}

func TestOnlyMembersEnter(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		for _, id := range []store.ID{w.direct(p[0], p[1]), w.group(p[0], p[1])} {
			got, err := w.Enter(t.Context(), p[1], id)
			w.must(err)
			if got.ID != id {
				t.Errorf("chat %s, want %s", got.ID, id)
			}
			_, err = w.Enter(t.Context(), p[2], id)
			w.refused("a stranger", err, "not_found")
		}
		for _, id := range []store.ID{store.NewID(), "x"} {
			_, err := w.Enter(t.Context(), p[0], id)
			w.refused("no chat", err, "not_found")
		}
	})
}

// TestNothingFollowsARemoval lets receipts and typing race somebody's removals.
func TestNothingFollowsARemoval(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		owner, talker, victim := p[0], p[1], p[2]
		c := w.group(owner, talker, victim)
		var racing sync.WaitGroup
		stop := make(chan struct{})
		race := func(do func() error) {
			racing.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						if err := do(); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		race(func() error { return w.Typing(t.Context(), talker, "", c, true) })
		race(func() error {
			m, _, err := w.Send(t.Context(), owner, chat.SendInput{ChatID: c, Content: "read this"})
			return errors.Join(err, w.Read(t.Context(), talker, "", m.ID))
		})
		race(func() error {
			m, _, err := w.Send(t.Context(), talker, chat.SendInput{ChatID: c, Content: "and this"})
			return errors.Join(err, w.Delivered(t.Context(), owner, "", m.ID))
		})
		for range 20 {
			w.must(w.RemoveMember(t.Context(), owner, c, victim))
			_, err := w.AddMember(t.Context(), owner, c, victim, store.RoleMember)
			w.must(err)
		}
		close(stop)
		racing.Wait()
		in := true
		for _, e := range w.bus.take() {
			if !slices.Contains(e.To, victim) {
				continue
			}
			switch {
			case e.Name == chat.EventChatCreated:
				in = true
			case !in:
				t.Errorf("%s follows chat:removed", e.Name)
			case e.Name == chat.EventChatRemoved:
				in = false
			}
		}
	})
}
