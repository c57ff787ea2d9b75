package signaling_test

import (
	"context"
	"testing"
	"time"

	"confab/internal/call"
	"confab/internal/stamp"
	"confab/store"
)

// inCall has people in a group's call, the first of them its owner.
func inCall(t *testing.T, n int) (*house, store.ID, []*phone) {
	t.Helper()
	h := newHouse(t, plan{calls: call.Config{QualityPeriod: 50 * time.Millisecond}})
	people := newPeople(h, n)
	chatID := h.group(people[0], people[1:]...)
	phones := make([]*phone, n)
	for i, u := range people {
		phones[i] = u.phone(n - 2)
		phones[i].initiate(chatID)
	}
	for i, p := range phones {
		for _, q := range phones[:i] {
			p.meets(q)
		}
	}
	return h, chatID, phones
}

func TestRefusalsDisturbNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob, eve := h.user(), h.user(), h.user()
	chatID, quiet := h.direct(ann, bob), h.group(bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	b.pickUp(b.rings())
	a.meets(b)

	offer := func(p *phone) call.Description { p.addTracks(); return p.offer(nil) }
	second := bob.another().phone(0)
	second.refused("second_device", "call:initiate", map[string]any{"chatId": chatID, "offer": offer(second)})
	second.refused("answered", "call:answer", map[string]any{"chatId": chatID, "answer": call.Description{Type: "answer", SDP: "v=0"}})
	second.refused("not_in_call", "call:end", map[string]any{"chatId": chatID})
	tab := bob.phone(0) // the same session, another socket
	tab.refused("second_device", "call:initiate", map[string]any{"chatId": chatID, "offer": offer(tab)})

	outsider := eve.phone(0)
	theirs := offer(outsider)
	for _, id := range []store.ID{chatID, store.NewID()} {
		for event, data := range map[string]map[string]any{
			"call:initiate":      {"offer": theirs},
			"call:answer":        {"answer": call.Description{Type: "answer", SDP: "v=0"}},
			"call:ice-candidate": {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host"},
			"call:decline":       {},
			"call:end":           {},
			"call:resume":        {"participantId": b.joined.ParticipantID},
			"call:view":          {"tiles": []call.Tile{}},
			"call:mute":          {"source": "microphone", "muted": true},
			"call:hand":          {"raised": true},
			"call:reaction":      {"emoji": "👍"},
			"call:moderate":      {"participantId": b.joined.ParticipantID, "action": "remove"},
		} {
			data["chatId"] = id
			outsider.refused("not_found", event, data)
		}
		outsider.refused("not_found", "call:end", map[string]any{"chatId": id, "forAll": true})
	}

	for name, sdp := range map[string]string{
		"empty": "", "nonsense": "hello", "no sections": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
	} {
		a.refused("bad_sdp", "call:initiate", map[string]any{"chatId": chatID, "offer": call.Description{Type: "offer", SDP: sdp}})
		b.refused("bad_sdp", "call:initiate", map[string]any{"chatId": quiet, "offer": call.Description{Type: "offer", SDP: sdp}})
		if _, active := h.active(quiet); active {
			t.Fatalf("%s: a refused offer left a call behind", name)
		}
	}
	a.refused("bad_sdp", "call:initiate", map[string]any{"chatId": chatID, "offer": call.Description{Type: "answer", SDP: theirs.SDP}})
	a.refused("invalid", "call:initiate", map[string]any{"chatId": chatID, "offer": theirs, "tracks": []map[string]string{{"mid": "0", "source": "nose"}}})
	a.refused("answered", "call:answer", map[string]any{"chatId": chatID, "answer": call.Description{Type: "answer", SDP: theirs.SDP}})
	b.refused("no_offer", "call:answer", map[string]any{"chatId": quiet, "answer": call.Description{Type: "answer", SDP: theirs.SDP}})
	a.refused("bad_candidate", "call:ice-candidate", map[string]any{"chatId": chatID, "candidate": "hello"})
	a.refused("bad_candidate", "call:ice-candidate", map[string]any{"chatId": chatID, "candidate": 5})
	b.refused("bad_candidate", "call:ice-candidate", map[string]any{"chatId": quiet, "candidate": "hello"}) // no call there
	a.refused("no_call", "call:decline", map[string]any{"chatId": chatID})
	a.refused("invalid", "call:mute", map[string]any{"chatId": chatID, "source": "nose", "muted": true})
	a.refused("no_track", "call:mute", map[string]any{"chatId": chatID, "source": "screen", "muted": true})
	a.refused("invalid", "call:reaction", map[string]any{"chatId": chatID, "emoji": ""})
	a.refused("invalid", "call:view", map[string]any{"chatId": chatID, "tiles": []call.Tile{{Width: -1}}})
	a.refused("forbidden", "call:moderate", map[string]any{"chatId": chatID, "participantId": b.joined.ParticipantID, "action": "remove"})

	outsider.none("call:offer")
	a.none("call:end")
	b.none("call:end")
	a.meets(b)
}

func (h *house) active(chatID store.ID) (store.ID, bool) {
	h.t.Helper()
	var owner store.ID
	err := h.store.View(context.Background(), func(tx store.Tx) error {
		members, err := tx.Members(context.Background(), chatID)
		owner = members[0].UserID
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := h.chats.Chat(context.Background(), owner, chatID)
	if err != nil {
		h.t.Fatal(err)
	}
	if c.ActiveCall == nil {
		return "", false
	}
	return c.ActiveCall.ID, true
}

func TestCandidatesMayBeEarlyLateOrTheLast(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	good := "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"
	b.do("call:ice-candidate", map[string]any{"chatId": chatID, "candidate": good})
	a.initiate(chatID)
	r := b.rings()
	b.do("call:ice-candidate", map[string]any{"chatId": chatID, "candidate": map[string]any{"candidate": good, "sdpMid": "0"}})
	b.pickUp(r)
	b.do("call:ice-candidate", map[string]any{"chatId": chatID, "candidate": good})
	b.do("call:ice-candidate", map[string]any{"chatId": chatID, "candidate": map[string]any{"candidate": "", "sdpMid": "0"}})
	b.do("call:ice-candidate", map[string]any{"chatId": chatID, "candidate": nil})
	a.meets(b)
	b.do("call:end", map[string]any{"chatId": chatID})
	b.do("call:ice-candidate", map[string]any{"chatId": chatID, "candidate": good})
}

func TestMuteStopsForwardingAtOnce(t *testing.T) {
	t.Parallel()
	_, chatID, phones := inCall(t, 2)
	a, b := phones[0], phones[1]
	a.do("call:mute", map[string]any{"chatId": chatID, "source": "microphone", "muted": true})
	var told struct {
		ParticipantID store.ID
		Source        string
		Muted         bool
	}
	b.expect("call:mute").into(t, &told)
	if told.ParticipantID != a.joined.ParticipantID || told.Source != "microphone" || !told.Muted {
		t.Errorf("%+v", told)
	}
	b.sees("the muted track", func(c change) bool {
		for _, tr := range c.Participant.Tracks {
			if c.Participant.ID == a.joined.ParticipantID && tr.Source == "microphone" && tr.Muted {
				return true
			}
		}
		return false
	})
	b.receives("video", a, 2) // what was under way has arrived
	before := b.count("audio", a)
	b.receives("video", a, 20)
	if after := b.count("audio", a); after != before {
		t.Errorf("%d packets of a muted microphone", after-before)
	}
	a.do("call:mute", map[string]any{"chatId": chatID, "source": "microphone", "muted": false})
	b.receives("audio", a, 3)
}

func TestHandReactionAndQuality(t *testing.T) {
	t.Parallel()
	_, chatID, phones := inCall(t, 2)
	a, b := phones[0], phones[1]
	a.do("call:hand", map[string]any{"chatId": chatID, "raised": true})
	var hand struct {
		ParticipantID store.ID
		Raised        bool
	}
	b.expect("call:hand").into(t, &hand)
	if hand.ParticipantID != a.joined.ParticipantID || !hand.Raised {
		t.Errorf("%+v", hand)
	}
	b.do("call:reaction", map[string]any{"chatId": chatID, "emoji": "👩‍👩‍👧‍👦"})
	var reaction struct {
		ParticipantID store.ID
		Emoji         string
	}
	for _, p := range phones {
		p.expect("call:reaction").into(t, &reaction)
		if reaction.ParticipantID != b.joined.ParticipantID || reaction.Emoji != "👩‍👩‍👧‍👦" {
			t.Errorf("%+v", reaction)
		}
	}
	b.do("call:view", map[string]any{"chatId": chatID, "tiles": []call.Tile{{ParticipantID: a.joined.ParticipantID, Source: "camera", Width: 320, Height: 240}}})
	b.receives("video", a, 3)
	var quality struct {
		Participants []struct {
			ID    store.ID
			Score *float64
		}
		Downlink *struct{ BPS, LossPct, RTTMs *float64 }
	}
	a.expect("call:quality").into(t, &quality)
	if len(quality.Participants) == 0 || quality.Participants[0].Score == nil || quality.Downlink == nil || quality.Downlink.RTTMs == nil {
		t.Errorf("%+v", quality)
	}
}

func TestModeration(t *testing.T) {
	t.Parallel()
	_, chatID, phones := inCall(t, 3)
	owner, b, c := phones[0], phones[1], phones[2]
	on := func(p *phone, action string) map[string]any {
		return map[string]any{"chatId": chatID, "participantId": p.joined.ParticipantID, "action": action}
	}
	b.refused("forbidden", "call:moderate", on(c, "mute"))
	b.refused("forbidden", "call:moderate", on(owner, "remove"))
	b.refused("forbidden", "call:end", map[string]any{"chatId": chatID, "forAll": true})
	owner.refused("invalid", "call:moderate", on(c, "tickle"))
	owner.refused("no_participant", "call:moderate", map[string]any{"chatId": chatID, "participantId": store.NewID(), "action": "mute"})

	owner.do("call:moderate", on(b, "mute"))
	var mute struct {
		ParticipantID, By store.ID
		Source            string
		Muted             bool
	}
	for _, p := range phones {
		p.expect("call:mute").into(t, &mute)
		if mute.ParticipantID != b.joined.ParticipantID || mute.By != owner.user.id || !mute.Muted || mute.Source != "microphone" {
			t.Errorf("%+v", mute)
		}
	}
	owner.do("call:moderate", on(c, "remove"))
	if e := c.hangsUp(); e.Reason != "removed" {
		t.Errorf("end %+v", e)
	}
	owner.seesLeave(c)
	b.seesLeave(c)
	owner.receives("video", b, 3)
}

func TestWhoLosesTheChatLosesTheCall(t *testing.T) {
	t.Parallel()
	h, chatID, phones := inCall(t, 3)
	a, b, c := phones[0], phones[1], phones[2]
	if err := h.chats.RemoveMember(context.Background(), a.user.id, chatID, b.user.id); err != nil {
		t.Fatal(err)
	}
	if e := b.hangsUp(); e.Reason != "removed" {
		t.Errorf("end %+v", e)
	}
	a.seesLeave(b)
	c.seesLeave(b)
	b.aside = nil // what came while b was in
	b.refused("not_found", "call:hand", map[string]any{"chatId": chatID, "raised": true})
	a.meets(c)
	if err := h.chats.DeleteChat(context.Background(), a.user.id, chatID); err != nil {
		t.Fatal(err)
	}
	c.hangsUp()
	b.none("call:participant")
}

func TestBlockEndsTheDirectCall(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	b.pickUp(b.rings())
	a.meets(b)
	if err := h.chats.Block(context.Background(), ann.id, bob.id, true); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*phone{a, b} {
		if e := p.hangsUp(); e.Reason != "ended" {
			t.Errorf("end %+v", e)
		}
	}
	again := b.phoneAgain(bob)
	again.addTracks()
	again.refused("blocked", "call:initiate", map[string]any{"chatId": chatID, "offer": again.offer(nil)})
	a.none("call:offer")
	if rec, _ := bob.record(chatID); rec.EndReason != "ended" {
		t.Errorf("history %+v", rec)
	}
}

func TestRevokedSessionLosesTheCall(t *testing.T) {
	t.Parallel()
	h, _, phones := inCall(t, 3)
	a, b, c := phones[0], phones[1], phones[2]
	if err := h.auth.Logout(context.Background(), b.user.identity); err != nil {
		t.Fatal(err)
	}
	a.seesLeave(b)
	c.seesLeave(b)
	a.meets(c)
}

func TestCrashLeavesNoOpenCall(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	ctx, began := context.Background(), h.now().UTC().Truncate(time.Millisecond).Add(-time.Minute)
	id := store.NewID()
	err := h.store.Update(ctx, func(tx store.Tx) error { // what a process that died leaves behind
		err := tx.CreateCall(ctx, store.Call{ID: id, ChatID: chatID, StartedBy: ann.id, StartedAt: began})
		if err != nil {
			return err
		}
		return tx.AddCallParticipant(ctx, id, store.CallParticipant{ID: store.NewID(), UserID: ann.id, JoinedAt: began})
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second recovery finds nothing
		if err := h.calls.Recover(ctx); err != nil {
			t.Fatal(err)
		}
	}
	rec, meta := ann.record(chatID)
	if rec.EndedAt == nil || rec.EndReason != "server-restart" || rec.Participants[0].LeftAt == nil || meta.Reason != "server-restart" {
		t.Errorf("history %+v, message %+v", rec, meta)
	}
}

func TestShutdownGivesCallsAWhile(t *testing.T) {
	t.Parallel()
	h, _, phones := inCall(t, 2)
	a, b := phones[0], phones[1]
	other := h.group(a.user, b.user)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	h.server.Drain()
	go func() { done <- h.calls.Close(ctx) }()
	for a.ask("call:end", map[string]any{"chatId": other, "forAll": true}).Error.Code != "no_call" {
		t.Fatal("a call where there is none")
	}
	p := a.phoneAgain(a.user)
	p.addTracks()
	offer := p.offer(nil)
	for m := p.ask("call:initiate", map[string]any{"chatId": other, "offer": offer}); m.Error == nil || m.Error.Code != "shutting_down"; {
		p.do("call:end", map[string]any{"chatId": other}) // Close had not begun yet
		m = p.ask("call:initiate", map[string]any{"chatId": other, "offer": offer})
	}
	a.meets(b) // the running call goes on
	cancel()
	if e := a.hangsUp(); e.Reason != "server-restart" {
		t.Errorf("end %+v", e)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestHistoryIsPaged(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob, eve := h.user(), h.user(), h.user()
	chatID := h.direct(ann, bob)
	ctx, began := context.Background(), stamp.Of(h.now().UTC().Truncate(time.Millisecond))
	const n = 5
	err := h.store.Update(ctx, func(tx store.Tx) error {
		for i := range n {
			at := began.Add(time.Duration(i/2) * time.Second) // some at the same instant
			end := at.Add(time.Second)
			err := tx.CreateCall(ctx, store.Call{ID: store.NewID(), ChatID: chatID, StartedBy: ann.id, StartedAt: at, EndedAt: &end, EndReason: "ended"})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[store.ID]bool{}
	for cursor, pages := "", 0; ; pages++ {
		page, err := h.calls.History(ctx, bob.id, "", 2, cursor)
		if err != nil || pages > n {
			t.Fatal(err, pages)
		}
		for _, r := range page.Items {
			seen[r.ID] = true
		}
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	if len(seen) != n {
		t.Errorf("%d of %d calls", len(seen), n)
	}
	if page, err := h.calls.History(ctx, eve.id, "", 0, ""); err != nil || len(page.Items) != 0 {
		t.Errorf("an outsider's history: %v, %v", page, err)
	}
	if _, err := h.calls.History(ctx, eve.id, chatID, 0, ""); err == nil {
		t.Error("an outsider reads a chat's history")
	}
	for _, limit := range []int{-1, call.MaxRecords + 1} {
		if _, err := h.calls.History(ctx, bob.id, "", limit, ""); err == nil {
			t.Errorf("limit %d was taken", limit)
		}
	}
}
