package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// sent is a message that somebody tried to send over a socket, and what was acknowledged of it.
type sent struct {
	clientID, content string
	id                string // empty: no ack came
	seq               float64
}

// TestAcknowledgedMessagesSurviveKill kills a server at random instants while messages are sent over sockets: whatever
// was acknowledged is there afterwards, once, at its place, in one row without gaps; and repeating any of the sends
// makes no second message, whether its ack was lost or not.
func TestAcknowledgedMessagesSurviveKill(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, p *process) {
		people := []*person{p.join("ann"), p.join("bob"), p.join("eve")}
		var chat struct{ ID string }
		people[0].must(201, "POST", "/chats", object{"type": "group", "name": "g", "memberIds": []string{people[1].id, people[2].id}}, &chat)
		tried := make([][]sent, len(people))
		for round := range 3 {
			after := 1 + rand.IntN(150)
			t.Logf("round %d: killed after %d acknowledgements", round, after)
			acked := make(chan struct{}, 1<<16)
			var sending sync.WaitGroup
			devices := make([]*device, len(people)) // all connected before the first ack can lead to the kill
			for i, who := range people {
				d, err := who.connect(func(string, object) {})
				if err != nil {
					t.Fatal(err)
				}
				devices[i] = d
			}
			for i, who := range people {
				sending.Go(func() { tried[i] = append(tried[i], sendUntilTheEnd(t, who, devices[i], chat.ID, round, acked)...) })
			}
			for range after {
				<-acked
			}
			p.kill()
			sending.Wait()
			p.start()
			checkSent(t, people, chat.ID, tried)
		}
	})
}

// sendUntilTheEnd keeps a few sends of one person under way until the socket ends.
func sendUntilTheEnd(t *testing.T, who *person, d *device, chatID string, round int, acked chan<- struct{}) (all []sent) {
	defer d.cut()
	var mu sync.Mutex
	var under sync.WaitGroup
	for lane := range 4 {
		under.Go(func() {
			for n := 0; ; n++ {
				m := sent{clientID: fmt.Sprintf("%d-%d-%d", round, lane, n), content: fmt.Sprintf("%s says %d", who.name, n)}
				got := d.ask("message:send", object{"chatId": chatID, "content": m.content, "clientId": m.clientID})
				if message, ok := got["message"].(object); ok {
					m.id, m.seq = message["id"].(string), message["seq"].(float64)
					acked <- struct{}{}
				} else if got != nil {
					t.Errorf("refused: %v", got)
				}
				mu.Lock()
				all = append(all, m)
				mu.Unlock()
				if got == nil {
					return
				}
			}
		})
	}
	under.Wait()
	return all
}

// checkSent compares the chat with what was acknowledged, then sends everything once more, and compares again.
func checkSent(t *testing.T, people []*person, chatID string, tried [][]sent) {
	t.Helper()
	before := history(people[0], chatID)
	byClientID := func(list []object) map[string]object {
		found := map[string]object{}
		for i, m := range list {
			if m["seq"] != float64(i+1) {
				t.Fatalf("message %d has seq %v", i+1, m["seq"])
			}
			key := m["userId"].(string) + m["clientId"].(string)
			if found[key] != nil {
				t.Errorf("the clientId %v made two messages", m["clientId"])
			}
			found[key] = m
		}
		return found
	}
	there := byClientID(before)
	for i, who := range people {
		for n := range tried[i] {
			m := &tried[i][n]
			kept := there[who.id+m.clientID]
			if m.id != "" && (kept == nil || kept["id"] != m.id || kept["seq"] != m.seq || kept["content"] != m.content) {
				t.Errorf("acknowledged was %+v, there is %v", *m, kept)
			}
			status, raw, err := who.call("POST", "/messages", object{"chatId": chatID, "content": m.content, "clientId": m.clientID})
			var again object
			if err != nil || json.Unmarshal(raw, &again) != nil {
				t.Fatalf("sent again: %v %s", err, raw)
			}
			switch {
			case kept != nil && (status != 200 || again["id"] != kept["id"] || again["seq"] != kept["seq"]):
				t.Errorf("%s was stored and is sent again: %d %s", m.clientID, status, raw)
			case kept == nil && status != 201:
				t.Errorf("%s was not stored and is sent again: %d %s", m.clientID, status, raw)
			}
			m.id, m.seq = again["id"].(string), again["seq"].(float64)
		}
		if last := tried[i]; len(last) > 0 {
			who.must(409, "POST", "/messages", object{"chatId": chatID, "content": "something else", "clientId": last[0].clientID}, nil)
		}
	}
	byClientID(history(people[1], chatID))
}

// history is all of a chat as somebody pages through it.
func history(who *person, chatID string) (all []object) {
	who.p.t.Helper()
	for after := 0; ; {
		var page struct {
			Items   []object
			HasMore bool
		}
		who.must(200, "GET", fmt.Sprintf("/messages?chatId=%s&limit=200&after=%d", chatID, after), nil, &page)
		all = append(all, page.Items...)
		if !page.HasMore {
			return all
		}
		after = int(page.Items[len(page.Items)-1]["seq"].(float64))
	}
}
