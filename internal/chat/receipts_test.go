package chat_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

// statuses picks the receipts' news for one person.
func statuses(events []bus.Event, to store.ID) (list []chat.DeliveryStatusEvent) {
	for _, e := range named(events, chat.EventDeliveryStatus) {
		for _, id := range e.To {
			if id == to {
				list = append(list, e.Data.(chat.DeliveryStatusEvent))
			}
		}
	}
	return list
}

func TestReceiptsTellTheAuthorsTheyConcern(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		reader, ann, bob, silent := p[0], p[1], p[2], p[3]
		c := w.group(reader, ann, bob, silent)
		w.say(ann, c, "1")
		second := w.say(bob, c, "2")
		third := w.say(ann, c, "3")
		w.bus.take()

		w.must(w.Delivered(t.Context(), reader, "device", second.ID))
		events := w.bus.take()
		w.sent(events, chat.EventDeliveryStatus, reader, ann, bob)
		for _, e := range events {
			if e.To[0] == reader && e.Except != "device" {
				t.Errorf("the echo leaves %q out", e.Except)
			}
		}
		got := statuses(events, ann)[0]
		if got.UserID != reader || got.Status != chat.StatusDelivered || got.Seq != 2 || got.MessageID != second.ID || got.ChatID != c {
			t.Errorf("%+v", got)
		}

		w.must(w.Read(t.Context(), reader, "device", third.ID))
		events = w.bus.take()
		w.sent(events, chat.EventDeliveryStatus, reader, ann, bob)
		if got := statuses(events, bob)[0]; got.Status != chat.StatusRead || got.Seq != 3 {
			t.Errorf("%+v", got)
		}

		w.must(w.Delivered(t.Context(), reader, "device", third.ID))
		w.must(w.Read(t.Context(), reader, "device", second.ID))
		if events := w.bus.take(); len(events) != 0 {
			t.Errorf("receipts that move nothing were told: %v", events)
		}

		w.must(w.Read(t.Context(), bob, "", third.ID))
		w.sent(w.bus.take(), chat.EventDeliveryStatus, bob, ann)

		stranger := w.person("stranger")
		w.refused("a stranger's receipt", w.Read(t.Context(), stranger, "", third.ID), "not_found")
		w.refused("a receipt of nothing", w.Read(t.Context(), reader, "", store.NewID()), "not_found")
	})
}

// lateAnswer is a store that calls after once a transaction is committed, before whoever asked for it hears of that.
type lateAnswer struct {
	store.Store
	after func()
}

func (l *lateAnswer) Update(ctx context.Context, fn func(store.Tx) error) error {
	err := l.Store.Update(ctx, fn)
	if after := l.after; after != nil {
		l.after = nil
		after()
	}
	return err
}

// TestReceiptsOfOneMemberComeInOrder has a second device's receipt, told in another way, overtake the first one's between its
// commit and its event.
func TestReceiptsOfOneMemberComeInOrder(t *testing.T) {
	t.Parallel()
	s := &lateAnswer{Store: enginetest.SQLite(t)}
	w := newWorld(t, s)
	p := w.people(2)
	author, reader := p[0], p[1]
	c := w.direct(author, reader)
	_, err := w.UpdateProfile(t.Context(), reader, chat.ProfilePatch{ShareReadReceipts: ptr(false)})
	w.must(err)
	first, second := w.say(author, c, "1"), w.say(author, c, "2")
	w.bus.take()
	s.after = func() {
		w.must(w.Delivered(t.Context(), reader, "tablet", second.ID))
		w.must(w.Delivered(t.Context(), reader, "tablet", first.ID)) // moves nothing, and holds nothing up
	}
	w.must(w.Read(t.Context(), reader, "phone", first.ID)) // which the author learns of as a delivery
	got := statuses(w.bus.take(), author)
	if len(got) != 2 || got[0].Seq != first.Seq || got[1].Seq != second.Seq {
		t.Errorf("the author was told %+v", got)
	}
}

func TestALongAbsenceIsToldToAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enginetest.SQLite(t))
	p := w.people(3)
	c := w.group(p[0], p[1], p[2])
	var last chat.Message
	for range 70 {
		last = w.say(p[1], c, "x")
	}
	w.bus.take()
	w.must(w.Read(t.Context(), p[0], "", last.ID))
	w.sent(w.bus.take(), chat.EventDeliveryStatus, p[0], p[1], p[2])
}

func TestPrivateReadersAreSeenAsDelivered(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		author, reader := p[0], p[1]
		c := w.direct(author, reader)
		_, err := w.UpdateProfile(t.Context(), reader, chat.ProfilePatch{ShareReadReceipts: ptr(false)})
		w.must(err)
		m := w.say(author, c, "x")
		w.bus.take()
		w.must(w.Read(t.Context(), reader, "d", m.ID))
		events := w.bus.take()
		if got := statuses(events, author); len(got) != 1 || got[0].Status != chat.StatusDelivered {
			t.Errorf("the author was told %+v", got)
		}
		if got := statuses(events, reader); len(got) != 1 || got[0].Status != chat.StatusRead {
			t.Errorf("the reader's devices were told %+v", got)
		}
		if got := w.history(author, c)[0].Status; got != chat.StatusDelivered {
			t.Errorf("the status is %s", got)
		}
		seen, err := w.Chat(t.Context(), author, c)
		w.must(err)
		own, err := w.Chat(t.Context(), reader, c)
		w.must(err)
		if got := memberIn(seen, reader); got.ReadSeq != 0 || got.DeliveredSeq != 1 {
			t.Errorf("the author sees %+v", got)
		}
		if got := memberIn(own, reader); got.ReadSeq != 1 || own.UnreadCount != 0 {
			t.Errorf("the reader sees %+v", got)
		}
		list, err := w.Deliveries(t.Context(), author, m.ID)
		w.must(err)
		if len(list) != 1 || list[0].Status != chat.StatusDelivered || list[0].ReadAt != nil || list[0].DeliveredAt == nil {
			t.Errorf("%+v", list)
		}
		next := w.say(author, c, "y")
		w.must(w.Delivered(t.Context(), reader, "d", next.ID))
		w.bus.take()
		w.must(w.Read(t.Context(), reader, "d", next.ID))
		if got := statuses(w.bus.take(), author); len(got) != 0 {
			t.Errorf("the author was told of a private read: %+v", got)
		}
	})
}

func memberIn(c chat.Chat, id store.ID) chat.Member {
	for _, m := range c.Members {
		if m.UserID == id {
			return m
		}
	}
	return chat.Member{}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(5)
		c := w.group(p[0], p[1], p[2], p[3])
		m := w.say(p[0], c, "x")
		_, err := w.AddMember(t.Context(), p[0], c, p[4], "")
		w.must(err)
		w.must(w.Delivered(t.Context(), p[1], "", m.ID))
		w.must(w.Read(t.Context(), p[2], "", m.ID))
		list, err := w.Deliveries(t.Context(), p[1], m.ID)
		w.must(err)
		got := map[store.ID]string{}
		for _, d := range list {
			got[d.UserID] = fmt.Sprintf("%s %v %v", d.Status, d.DeliveredAt != nil, d.ReadAt != nil)
		}
		want := map[store.ID]string{p[1]: "delivered true false", p[2]: "read true true", p[3]: "sent false false"}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
		_, err = w.Deliveries(t.Context(), w.person("stranger"), m.ID)
		w.refused("a stranger", err, "not_found")
	})
}

// model is receipts the plain way: for every message a set of who got it and who read it.
type model struct {
	members map[store.ID]int64 // to the seq at which they joined
	private map[store.ID]bool
	said    []said
}

type said struct {
	author    store.ID
	system    bool
	delivered map[store.ID]bool
	read      map[store.ID]bool
}

func (m *model) receipt(who store.ID, seq int64, read bool) {
	for i := range m.said[:seq] {
		m.said[i].delivered[who] = true
		if read {
			m.said[i].read[who] = true
		}
	}
}

func (m *model) status(seq int64) chat.Status {
	msg := m.said[seq-1]
	status, anybody := chat.StatusRead, false
	for who, joined := range m.members {
		if who == msg.author || joined >= seq {
			continue
		}
		anybody = true
		switch {
		case !msg.delivered[who]:
			return chat.StatusSent
		case !msg.read[who] || m.private[who]:
			status = chat.StatusDelivered
		}
	}
	if !anybody {
		return chat.StatusSent
	}
	return status
}

func (m *model) unread(who store.ID) (n int64) {
	for i, msg := range m.said {
		if int64(i+1) > m.members[who] && msg.author != who && !msg.system && !msg.read[who] {
			n++
		}
	}
	return n
}

// TestReceiptsAgainstAModel runs random histories of sends, receipts and membership against the plain model.
func TestReceiptsAgainstAModel(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(5)
		for seed := range uint64(6) {
			receiptRun(w, p, rand.New(rand.NewPCG(seed, 7)), seed)
		}
	})
}

func receiptRun(w *world, p []store.ID, random *rand.Rand, seed uint64) {
	owner := p[0]
	c := w.group(owner, p[1], p[2])
	m := &model{members: map[store.ID]int64{owner: 0, p[1]: 0, p[2]: 0}, private: map[store.ID]bool{}}
	var ids []store.ID
	note := func(author store.ID, system bool) {
		m.said = append(m.said, said{author, system, map[store.ID]bool{}, map[store.ID]bool{}})
	}
	for step := range 60 {
		who := p[random.IntN(len(p))]
		_, in := m.members[who]
		switch op := random.IntN(10); {
		case op < 3 && in:
			w.say(who, c, "x")
			note(who, false)
		case op < 8 && in && len(ids) > 0:
			seq := 1 + random.Int64N(int64(len(ids)))
			if op < 6 {
				w.must(w.Delivered(w.Context(), who, "", ids[seq-1]))
			} else {
				w.must(w.Read(w.Context(), who, "", ids[seq-1]))
			}
			m.receipt(who, seq, op >= 6)
		case op == 8 && who != owner && in:
			w.must(w.RemoveMember(w.Context(), owner, c, who))
			delete(m.members, who)
			note(owner, true)
		case op == 8 && !in:
			_, err := w.AddMember(w.Context(), owner, c, who, "")
			w.must(err)
			note(owner, true)
			for i := range m.said { // nothing from before counts, neither owed nor given
				m.said[i].delivered[who], m.said[i].read[who] = true, true
			}
			m.members[who] = int64(len(m.said))
		case op == 9:
			m.private[who] = !m.private[who]
			_, err := w.UpdateProfile(w.Context(), who, chat.ProfilePatch{ShareReadReceipts: ptr(!m.private[who])})
			w.must(err)
		}
		list := w.history(owner, c)
		ids = ids[:0]
		for _, msg := range list {
			ids = append(ids, msg.ID)
			if want := m.status(msg.Seq); msg.Status != want {
				w.Fatalf("seed %d, step %d: message %d is %s, the model says %s", seed, step, msg.Seq, msg.Status, want)
			}
		}
		if len(list) != len(m.said) {
			w.Fatalf("seed %d, step %d: %d messages, the model has %d", seed, step, len(list), len(m.said))
		}
		for who := range m.members {
			view, err := w.Chat(w.Context(), who, c)
			w.must(err)
			if want := m.unread(who); view.UnreadCount != want {
				w.Fatalf("seed %d, step %d: %d unread, the model says %d", seed, step, view.UnreadCount, want)
			}
			for _, member := range view.Members {
				if member.ReadSeq > member.DeliveredSeq || member.DeliveredSeq > view.LastSeq {
					w.Fatalf("seed %d, step %d: %+v in a chat up to %d", seed, step, member, view.LastSeq)
				}
			}
		}
	}
	for _, who := range p {
		_, err := w.UpdateProfile(w.Context(), who, chat.ProfilePatch{ShareReadReceipts: ptr(true)})
		w.must(err)
	}
}
