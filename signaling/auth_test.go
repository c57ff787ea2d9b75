package signaling_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"confab/internal/auth"
	"confab/signaling"
	"confab/store"
)

func TestEveryWayToAuthenticate(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	u := h.user()
	for name, way := range map[string]struct {
		header      http.Header
		query       string
		first       string
		subprotocol string
	}{
		"header":       {header: http.Header{"Authorization": {"Bearer " + u.token}}},
		"lower case":   {header: http.Header{"Authorization": {"bearer " + u.token}}},
		"subprotocols": {header: http.Header{"Sec-WebSocket-Protocol": {"confab.v1, bearer." + u.token}}, subprotocol: "confab.v1"},
		"other order":  {header: http.Header{"Sec-WebSocket-Protocol": {"bearer." + u.token + ",confab.v1"}}, subprotocol: "confab.v1"},
		"first frame":  {first: `{"event":"auth","data":{"token":"` + u.token + `"}}`},
		"frame and id": {first: `{"event":"auth","id":1,"data":{"token":"` + u.token + `"}}`},
		"query":        {query: "?token=" + u.token},
	} {
		t.Run(name, func(t *testing.T) {
			ws, _, err := h.dial(way.header, way.query)
			if err != nil {
				t.Fatal(err)
			}
			if ws.Subprotocol() != way.subprotocol {
				t.Errorf("subprotocol %q, want %q", ws.Subprotocol(), way.subprotocol)
			}
			c := h.attach(t, ws)
			if way.first != "" {
				c.raw(way.first)
			}
			m := c.next()
			var ready struct{ UserID, SessionID store.ID }
			m.into(t, &ready)
			if m.Event != "ready" || ready.UserID != u.id || ready.SessionID != u.identity.SessionID {
				t.Errorf("first frame %s %+v", m.Event, ready)
			}
			if name == "frame and id" {
				if ack := c.next(); ack.Event != "ack" || string(ack.ID) != "1" || string(ack.Data) != "{}" {
					t.Errorf("after ready: %+v", ack)
				}
			}
		})
	}
}

func TestBadTokenInTheHandshakeIsPlainHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	revoked := h.user()
	if err := h.auth.Logout(context.Background(), revoked.identity); err != nil {
		t.Fatal(err)
	}
	for name, way := range map[string]struct {
		header http.Header
		query  string
	}{
		"garbage in the header":  {header: http.Header{"Authorization": {"Bearer nonsense"}}},
		"another scheme":         {header: http.Header{"Authorization": {"Basic YTpi"}}},
		"garbage in subprotocol": {header: http.Header{"Sec-WebSocket-Protocol": {"confab.v1, bearer.nonsense"}}},
		"garbage in the query":   {query: "?token=nonsense"},
		"empty in the query":     {query: "?token="},
		"revoked":                {header: http.Header{"Authorization": {"Bearer " + revoked.token}}},
		"the refresh token":      {header: http.Header{"Authorization": {"Bearer " + revoked.refresh}}},
	} {
		ws, resp, err := h.dial(way.header, way.query)
		if err == nil {
			_ = ws.Close()
			t.Errorf("%s: connected", name)
			continue
		}
		if resp == nil || resp.StatusCode != 401 || resp.Header.Get("Content-Type") != "application/problem+json" ||
			resp.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: %v, %v", name, err, resp)
		}
	}
}

func TestBadFirstFrameClosesWith4401(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	for name, first := range map[string]string{
		"bad token":     `{"event":"auth","data":{"token":"nonsense"}}`,
		"no token":      `{"event":"auth"}`,
		"wrong type":    `{"event":"auth","data":{"token":5}}`,
		"another event": `{"event":"ping","id":1}`,
		"no JSON":       `hello`,
	} {
		t.Run(name, func(t *testing.T) {
			ws, _, err := h.dial(nil, "")
			if err != nil {
				t.Fatal(err)
			}
			c := h.attach(t, ws)
			c.raw(first)
			if code := c.ends(); code != signaling.CloseUnauthorized {
				t.Errorf("closed with %d", code)
			}
		})
	}
}

func TestNoFirstFrameInTimeClosesWith4401(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{server: signaling.Config{Timing: signaling.Timing{Auth: 20 * time.Millisecond}}})
	ws, _, err := h.dial(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if code := h.attach(t, ws).ends(); code != signaling.CloseUnauthorized {
		t.Errorf("closed with %d", code)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{server: signaling.Config{Origins: []string{"https://chat.example.org", "http://localhost:5173/"}}})
	u := h.user()
	for origin, allowed := range map[string]bool{
		"":                            true, // not a browser
		"http://" + h.addr:            true,
		"https://chat.example.org":    true,
		"http://localhost:5173":       true,
		"https://evil.example":        false,
		"http://" + h.addr + ".evil":  false,
		"http://chat.example.org":     false,
		"https://chat.example.org.ru": false,
		"null":                        false,
	} {
		header := http.Header{"Authorization": {"Bearer " + u.token}}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, resp, err := h.dial(header, "")
		if (err == nil) != allowed {
			t.Errorf("origin %q: %v, wanted allowed %v", origin, err, allowed)
		}
		if err == nil {
			_ = ws.Close()
		} else if resp == nil || resp.StatusCode != 403 {
			t.Errorf("origin %q: %v", origin, resp)
		}
	}
}

func TestPlainRequestIsAskedToUpgrade(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: tr}).Get("http://" + h.addr + "/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" {
		t.Errorf("%s, Upgrade: %q", resp.Status, resp.Header.Get("Upgrade"))
	}
}

func TestRevocationClosesThatSessionAtOnce(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		u := h.user()
		other := u.another()
		gone, tab, stays := u.connect(), u.connect(), other.connect()
		if err := h.auth.RevokeSession(context.Background(), u.id, u.identity.SessionID); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*client{gone, tab} {
			if code := c.ends(); code != signaling.CloseUnauthorized {
				t.Errorf("closed with %d", code)
			}
		}
		stays.do("ping", nil)
	})
}

func TestTokenExpiryClosesUnlessRefreshed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{server: signaling.Config{Timing: signaling.Timing{Ping: 5 * time.Millisecond}}})
	u := h.user()
	lapses, renews := u.connect(), u.connect()

	h.ahead.Store(int64(10 * time.Minute))
	tokens, _, err := h.auth.Refresh(context.Background(), u.refresh, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	renews.do("auth", map[string]string{"token": tokens.AccessToken})
	h.ahead.Store(int64(16 * time.Minute))
	if code := lapses.ends(); code != signaling.CloseUnauthorized {
		t.Errorf("closed with %d", code)
	}
	renews.do("ping", nil)
	h.ahead.Store(int64(26 * time.Minute))
	if code := renews.ends(); code != signaling.CloseUnauthorized {
		t.Errorf("closed with %d", code)
	}
}

func TestAuthOnALiveSocketNeedsTheSameSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	u := h.user()
	c := u.connect()
	c.refused("wrong_session", "auth", map[string]string{"token": h.user().token})
	c.refused("wrong_session", "auth", map[string]string{"token": u.another().token})
	c.refused("unauthorized", "auth", map[string]string{"token": "nonsense"})
	c.do("ping", nil)
}

func TestReadyTellsWhatIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob, eve := h.user(), h.user(), h.user()
	chatID := h.group(ann, bob)
	bob.connect()
	eve.connect()
	var ready struct {
		UserID, SessionID, Epoch store.ID
		ServerTime               string
		Chats                    []struct {
			ID                        store.ID
			LastSeq, LastRev, ReadSeq *int64
		}
		Online []store.ID
	}
	ann.connect().ready.into(t, &ready)
	if ready.UserID != ann.id || ready.SessionID != ann.identity.SessionID || ready.Epoch != h.store.Epoch() || ready.ServerTime == "" {
		t.Errorf("ready %+v", ready)
	}
	if len(ready.Chats) != 1 || ready.Chats[0].ID != chatID || ready.Chats[0].LastSeq == nil || ready.Chats[0].LastRev == nil ||
		ready.Chats[0].ReadSeq == nil {
		t.Errorf("chats %+v", ready.Chats)
	}
	if len(ready.Online) != 1 || ready.Online[0] != bob.id {
		t.Errorf("online %v, wanted only %v", ready.Online, bob.id)
	}
	var empty map[string]json.RawMessage
	eve.connect().ready.into(t, &empty)
	if string(empty["chats"]) != "[]" || string(empty["online"]) != "[]" {
		t.Errorf("somebody without chats: %s %s", empty["chats"], empty["online"])
	}
}
