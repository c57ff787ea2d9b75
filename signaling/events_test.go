package signaling_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"confab/internal/chat"
	"confab/internal/limit"
	"confab/signaling"
	"confab/store"
)

// said is the part of a message that these tests look at.
type said struct {
	Message struct {
		ID      store.ID
		ChatID  store.ID
		UserID  store.ID
		Seq     int64
		Content string
	}
}

func (c *client) say(chatID store.ID, content string) said {
	c.t.Helper()
	var s said
	c.do("message:send", map[string]any{"chatId": chatID, "content": content}).into(c.t, &s)
	return s
}

func (c *client) hears() said {
	c.t.Helper()
	var s said
	c.expect("message:received").into(c.t, &s)
	return s
}

func TestMessageReachesEveryDeviceOfEveryMember(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob, eve := h.user(), h.user(), h.user()
	chatID := h.group(ann, bob)
	sender, second, receiver, outsider := ann.connect(), ann.another().connect(), bob.connect(), eve.connect()

	sent := sender.say(chatID, "hello")
	for name, c := range map[string]*client{"sender": sender, "sender's other device": second, "receiver": receiver} {
		if got := c.hears(); got != sent {
			t.Errorf("%s: %+v, want %+v", name, got, sent)
		}
	}
	outsider.none("message:received")
	outsider.refused("not_found", "message:send", map[string]any{"chatId": chatID, "content": "let me in"})
	outsider.refused("not_found", "message:read", map[string]any{"messageId": sent.Message.ID})
	outsider.refused("not_found", "typing", map[string]any{"chatId": chatID, "on": true})
}

func TestClientIDMakesOneMessage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.connect(), bob.connect()
	data := map[string]any{"chatId": chatID, "content": "once", "clientId": "k1"}
	var first, again said
	a.do("message:send", data).into(t, &first)
	a.do("message:send", data).into(t, &again)
	if first != again {
		t.Errorf("%+v, then %+v", first, again)
	}
	b.hears()
	b.none("message:received")
}

func TestForwardingAndMentionsBySocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob, eve := h.user(), h.user(), h.user()
	here, there := h.group(ann, bob), h.group(bob, eve)
	a, b, e := ann.connect(), bob.connect(), eve.connect()
	var got, told struct {
		Message struct {
			ID, UserID    store.ID
			Content       string
			Mentions      []store.ID
			ForwardedFrom *struct{ UserID store.ID }
		}
	}
	said := a.say(here, "hello @person2").Message
	b.expect("message:received").into(t, &told)
	if !slices.Equal(told.Message.Mentions, []store.ID{bob.id}) {
		t.Errorf("%+v", told)
	}
	b.do("message:send", map[string]any{"chatId": there, "forwardOf": said.ID}).into(t, &got)
	e.expect("message:received").into(t, &told)
	if got.Message.Content != "hello @person2" || got.Message.UserID != bob.id || got.Message.ForwardedFrom.UserID != ann.id {
		t.Errorf("%+v", got)
	}
	if !reflect.DeepEqual(got, told) {
		t.Errorf("told %+v of %+v", told, got)
	}
	e.refused("invalid", "message:send", map[string]any{"chatId": there, "forwardOf": said.ID})
	e.refused("invalid", "message:send", map[string]any{"chatId": there, "forwardOf": "7"})
	a.refused("not_found", "message:send", map[string]any{"chatId": there, "forwardOf": said.ID})
}

func TestEditDeleteReactAreAckedAndTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.connect(), bob.connect()
	id := a.say(chatID, "helo").Message.ID
	var m said
	for _, step := range []struct {
		event   string
		data    map[string]any
		content string
	}{
		{"message:edit", map[string]any{"messageId": id, "content": "hello"}, "hello"},
		{"message:react", map[string]any{"messageId": id, "emoji": "👍", "on": true}, "hello"},
		{"message:delete", map[string]any{"messageId": id}, ""},
	} {
		a.do(step.event, step.data)
		b.expect("message:updated").into(t, &m)
		if m.Message.ID != id || m.Message.Content != step.content {
			t.Errorf("%s: %+v", step.event, m)
		}
	}
}

func TestReceiptsReachTheAuthorAndOnesOtherDevices(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	author, reader, tab, phone := ann.connect(), bob.connect(), bob.connect(), bob.another().connect()
	m := author.say(chatID, "one").Message
	type receipt struct {
		MessageID, ChatID, UserID store.ID
		Status                    string
		Seq                       int64
	}
	for _, status := range []string{"delivered", "read"} {
		reader.do("message:"+status, map[string]any{"messageId": m.ID})
		want := receipt{m.ID, chatID, bob.id, status, m.Seq}
		for name, c := range map[string]*client{"author": author, "other tab": tab, "other device": phone} {
			var got receipt
			c.expect("message:delivery_status").into(t, &got)
			if got != want {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
		}
	}
	reader.none("message:delivery_status")
}

func TestTypingReachesTheOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.connect(), bob.connect()
	a.do("typing", map[string]any{"chatId": chatID, "on": true})
	var got struct {
		ChatID, UserID store.ID
		On             bool
	}
	b.expect("typing").into(t, &got)
	if got.ChatID != chatID || got.UserID != ann.id || !got.On {
		t.Errorf("%+v", got)
	}
	a.none("typing")
	a.do("typing", map[string]any{"chatId": chatID, "on": false})
	b.expect("typing").into(t, &got)
	if got.On {
		t.Errorf("%+v", got)
	}
}

func TestTypingIsTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{server: signaling.Config{Timing: signaling.Timing{Typing: 20 * time.Millisecond}}})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.connect(), bob.connect()
	a.do("typing", map[string]any{"chatId": chatID, "on": true})
	expectTyping(t, b, true, false) // after a while

	h = newHouse(t, plan{server: signaling.Config{Timing: signaling.Timing{Typing: time.Hour}}})
	ann, bob = h.user(), h.user()
	chatID = h.direct(ann, bob)
	a, b = ann.connect(), bob.connect()
	a.do("typing", map[string]any{"chatId": chatID, "on": true})
	a.do("typing", map[string]any{"chatId": chatID, "on": true})
	if err := a.ws.Close(); err != nil {
		t.Fatal(err)
	}
	expectTyping(t, b, true, true, false) // with the socket
}

func expectTyping(t *testing.T, c *client, states ...bool) {
	t.Helper()
	for i, want := range states {
		var got struct{ On bool }
		c.expect("typing").into(t, &got)
		if got.On != want {
			t.Errorf("notice %d is %v", i, got.On)
		}
	}
}

func TestPresenceIsToldToThoseWhoShareAChat(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{hub: signaling.HubConfig{OfflineGrace: 50 * time.Millisecond}})
	ann, bob, eve := h.user(), h.user(), h.user()
	h.direct(ann, bob)
	watcher, outsider := ann.connect(), eve.connect()

	c := bob.connect()
	var who struct {
		UserID     store.ID
		LastSeenAt *time.Time
	}
	watcher.expect("user:online").into(t, &who)
	if who.UserID != bob.id {
		t.Errorf("online: %+v", who)
	}
	second := bob.connect()
	_ = c.ws.Close()
	second.do("ping", nil)
	_ = second.ws.Close()
	watcher.expect("user:offline").into(t, &who)
	if who.UserID != bob.id || who.LastSeenAt == nil || time.Since(*who.LastSeenAt) > patience {
		t.Errorf("offline: %+v", who)
	}
	watcher.none("user:online") // the second tab was no news, nor was the end of the first
	outsider.none("user:online")
	outsider.none("user:offline")
	var kept store.User
	err := h.store.View(context.Background(), func(tx store.Tx) (err error) {
		kept, err = tx.User(context.Background(), bob.id)
		return err
	})
	if err != nil || !kept.LastSeenAt.Equal(*who.LastSeenAt) {
		t.Errorf("kept %v, told %v (%v)", kept.LastSeenAt, who.LastSeenAt, err)
	}
}

func TestReloadDoesNotFlicker(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{hub: signaling.HubConfig{OfflineGrace: time.Hour}})
	ann, bob := h.user(), h.user()
	h.direct(ann, bob)
	watcher := ann.connect()
	for range 3 {
		c := bob.connect()
		_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(patience))
		if code := c.ends(); code != 1000 {
			t.Errorf("the close was answered with %d", code)
		}
	}
	watcher.expect("user:online")
	watcher.none("user:online")
	watcher.none("user:offline")
	if !h.hub.Online(bob.id) {
		t.Error("offline within the grace")
	}
}

func TestRemovedMemberHearsNothingMore(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		ann, bob := h.user(), h.user()
		chatID := h.group(ann, bob)
		a, b := ann.connect(), bob.connect()
		a.say(chatID, "before")
		b.hears()
		if err := h.chats.RemoveMember(context.Background(), ann.id, chatID, bob.id); err != nil {
			t.Fatal(err)
		}
		b.expect("chat:removed")
		a.expect("member:removed")
		a.say(chatID, "after")
		b.none("message:received")
		b.refused("not_found", "message:send", map[string]any{"chatId": chatID, "content": "still here"})
	})
}

func TestWhatCannotBeUnderstoodIsAnsweredAndTheSocketLives(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	c := ann.connect()
	for name, f := range map[string]struct{ frame, code, event string }{
		"no JSON":           {`hello`, "bad_frame", ""},
		"empty":             {``, "bad_frame", ""},
		"truncated":         {`{"event":"ping"`, "bad_frame", ""},
		"an array":          {`[1]`, "bad_frame", ""},
		"null":              {`null`, "bad_frame", ""},
		"no event":          {`{"data":{}}`, "bad_frame", ""},
		"event is a number": {`{"event":5}`, "bad_frame", ""},
		"another case":      {`{"Event":"ping"}`, "bad_frame", ""},
		"a name twice":      {`{"event":"ping","event":"ping"}`, "bad_frame", ""},
		"invalid UTF-8":     {"{\"event\":\"p\xffng\"}", "bad_frame", ""},
		"unknown event":     {`{"event":"nope"}`, "unknown_event", "nope"},
		"long event":        {`{"event":"` + strings.Repeat("x", 200) + `"}`, "unknown_event", strings.Repeat("x", 64)},
		"data is a list":    {`{"event":"typing","data":[]}`, "bad_data", "typing"},
		"wrong type":        {`{"event":"typing","data":{"chatId":7}}`, "bad_data", "typing"},
		"bad id":            {`{"event":"typing","data":{"chatId":"7","on":true}}`, "invalid", "typing"},
		"nothing said":      {`{"event":"typing","data":{"chatId":"` + string(chatID) + `"}}`, "invalid", "typing"},
		"an event of ours":  {`{"event":"ready","data":{}}`, "unknown_event", "ready"},
		"id is an object":   {`{"event":"ping","id":{}}`, "bad_frame", "ping"},
	} {
		t.Run(name, func(t *testing.T) {
			c.raw(f.frame)
			var got struct{ Code, Message, Event string }
			c.expect("error").into(t, &got)
			if got.Code != f.code || got.Event != f.event || got.Message == "" {
				t.Errorf("%+v, want %s of %q", got, f.code, f.event)
			}
		})
	}
	if err := c.ws.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	var got struct{ Code string }
	c.expect("error").into(t, &got)
	if got.Code != "binary_frame" {
		t.Errorf("binary: %+v", got)
	}
	c.refused("unknown_event", "nope", nil)
	c.refused("bad_data", "typing", map[string]any{"chatId": 7})
	c.refused("invalid", "message:send", map[string]any{"chatId": "7"})
	c.say(chatID, "alive")
}

func TestRefusedFieldIsNamedAsTheClientKnowsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	c := h.user().connect()
	c.raw(`{"event":"call:initiate","data":{"chatId":"x","offer":{"sdp":5}}}`)
	var got struct{ Fields []struct{ Field string } }
	c.expect("error").into(t, &got)
	if len(got.Fields) != 1 || got.Fields[0].Field != "offer.sdp" {
		t.Errorf("%+v", got)
	}
	c.raw(`{"event":"typing","data":{"chatId":5}}`)
	c.expect("error").into(t, &got)
	if len(got.Fields) != 1 || got.Fields[0].Field != "chatId" {
		t.Errorf("%+v", got)
	}
}

func TestAckKeepsTheIDAsItCame(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	c := h.user().connect()
	for _, id := range []string{`1`, `-7`, `1.5`, `"seven"`, `9007199254740993`} {
		c.raw(`{"event":"ping","id":` + id + `}`)
		m := c.expect("ack")
		if string(m.ID) != id || string(m.Data) != "{}" {
			t.Errorf("id %s: ack %s %s", id, m.ID, m.Data)
		}
	}
	c.raw(`{"event":"ping"}`)
	c.none("ack")
}

func TestEventsOfOneSocketKeepTheirOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.connect(), bob.connect()
	const n = 50
	for i := range n {
		a.emit("message:send", map[string]any{"chatId": chatID, "content": fmt.Sprint(i)})
	}
	for i := range n {
		if got := b.hears(); got.Message.Content != fmt.Sprint(i) || got.Message.Seq != int64(i+1) {
			t.Fatalf("message %d: %+v", i, got)
		}
	}
}

func TestFrameOverTheLimitCloses1009(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	big, other := ann.connect(), bob.connect()
	pad := strings.Repeat("x", signaling.MaxFrame-len(`{"event":"ping","id":1,"data":{"p":""}}`))
	big.raw(`{"event":"ping","id":1,"data":{"p":"` + pad + `"}}`)
	big.expect("ack") // exactly the limit is fine
	big.raw(`{"event":"ping","id":1,"data":{"p":"` + pad + `x"}}`)
	if code := big.ends(); code != signaling.CloseTooBig {
		t.Errorf("closed with %d", code)
	}
	other.say(chatID, "undisturbed")
}

// TestNoGapBetweenReadyAndEvents connects over and over while messages are sent: what ready says was there, and the
// events that follow, must join without a gap.
func TestNoGapBetweenReadyAndEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	ctx, cancel := context.WithCancel(context.Background())
	sent := make(chan int64, 1)
	go func() {
		var last int64
		for ctx.Err() == nil {
			m, _, err := h.chats.Send(context.Background(), ann.id, chat.SendInput{ChatID: chatID, Content: "x"})
			if err != nil {
				t.Error(err)
				break
			}
			last = m.Seq
		}
		sent <- last
	}()
	for range 20 {
		c := bob.connect()
		var ready struct{ Chats []struct{ LastSeq int64 } }
		c.ready.into(t, &ready)
		next := ready.Chats[0].LastSeq + 1
		for range 3 {
			var m said
			c.expect("message:received").into(t, &m)
			if m.Message.Seq > next {
				t.Fatalf("ready said %d, then came %d", next-1, m.Message.Seq)
			}
			next = max(next, m.Message.Seq+1)
		}
		_ = c.ws.Close()
	}
	cancel()
	if last := <-sent; last == 0 {
		t.Error("nothing was sent")
	}
}

func TestShutdownAsksToReconnect(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	u := h.user()
	clients := []*client{u.connect(), u.connect(), h.user().connect()}
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done <- h.server.Shutdown(ctx)
	}()
	for _, c := range clients {
		if code := c.ends(); code != signaling.CloseRestart {
			t.Errorf("closed with %d", code)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	_, resp, err := h.dial(map[string][]string{"Authorization": {"Bearer " + u.token}}, "")
	if err == nil || resp == nil || resp.StatusCode != 503 {
		t.Errorf("a new socket: %v, %v", err, resp)
	}
}

// without refuses one kind of request to everybody.
type without string

func (w without) Allow(kind, _ string) (bool, time.Duration) {
	return kind != string(w), 1500 * time.Millisecond
}

func TestRateLimitTellsWhenToComeBack(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]without{"of a user": limit.Send, "of an address": limit.SendNetwork} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, plan{server: signaling.Config{Limits: kind}})
			ann, bob := h.user(), h.user()
			chatID := h.direct(ann, bob)
			c := ann.connect()
			c.raw(`{"event":"message:send","data":{"chatId":"` + string(chatID) + `","content":"x"}}`)
			var got struct {
				Code       string
				RetryAfter float64
			}
			c.expect("error").into(t, &got)
			if got.Code != "rate_limited" || got.RetryAfter != 1.5 {
				t.Errorf("%+v", got)
			}
			c.do("typing", map[string]any{"chatId": chatID, "on": true})
		})
	}
}

func TestTooManySocketsOfOneUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	u := h.user()
	for range 64 {
		u.connect()
	}
	ws, _, err := h.dial(map[string][]string{"Authorization": {"Bearer " + u.token}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if code := h.attach(t, ws).ends(); code != signaling.CloseTooMany {
		t.Errorf("closed with %d", code)
	}
}
