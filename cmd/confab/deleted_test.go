package main

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// patience is how long a test waits for what must come. Only a test that fails spends it.
const patience = 20 * time.Second

// upload sends a small file up and tells its id.
func (w *person) upload(content string) string {
	w.p.t.Helper()
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	part, err := parts.CreateFormFile("file", "notes.txt")
	if err != nil {
		w.p.t.Fatal(err)
	}
	_, _ = part.Write([]byte(content)) // into memory
	_ = parts.Close()
	var made struct{ ID string }
	w.must(201, "POST", "/attachments", &form, &made, "Content-Type", parts.FormDataContentType())
	return made.ID
}

// TestADeletedAccount is what people may expect of it: every device is signed out at that instant, nothing leads to the
// person any more, groups have an owner still, and what was said to others stays theirs, without a name.
func TestADeletedAccount(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, p *process) {
		ann, bob := p.join("ann"), p.join("bob")
		var group, alone, direct, message, export struct{ ID, URL string }
		ann.must(201, "POST", "/chats", object{"type": "group", "name": "both", "memberIds": []string{bob.id}}, &group)
		ann.must(201, "POST", "/chats", object{"type": "group", "name": "alone", "memberIds": []string{}}, &alone)
		ann.must(201, "POST", "/chats", object{"type": "direct", "memberIds": []string{bob.id}}, &direct)
		file := ann.upload("for bob")
		ann.must(201, "POST", "/messages", object{"chatId": group.ID, "content": "look", "attachmentIds": []string{file}}, &message)
		ann.must(201, "POST", "/messages", object{"chatId": direct.ID, "content": "between us"}, nil)
		ann.must(200, "POST", "/users/me/export", object{"password": personsPassword}, &export)

		type event struct {
			name string
			data object
		}
		told := make(chan event, 100)
		watching, err := bob.connect(func(name string, data object) { told <- event{name, data} })
		if err != nil {
			t.Fatal(err)
		}
		defer watching.cut()
		open, err := ann.connect(func(string, object) {})
		if err != nil {
			t.Fatal(err)
		}
		defer open.cut()
		ann.must(403, "DELETE", "/users/me", object{"password": "wrong"}, nil)
		ann.must(204, "DELETE", "/users/me", object{"password": personsPassword}, nil)

		select {
		case <-open.ended:
			if !websocket.IsCloseError(open.why, 4401) {
				t.Errorf("the socket ended with %v", open.why)
			}
		case <-time.After(patience):
			t.Fatal("the socket stays open")
		}
		ann.must(401, "GET", "/users/me", nil, nil)
		ann.must(404, "GET", export.URL, nil, nil)
		(&person{p: p}).must(401, "POST", "/auth/login", object{"login": "ann", "password": personsPassword}, nil)

		for wanted := map[string]bool{"member:removed": true, "user:updated": true, "member:updated": true}; len(wanted) > 0; {
			select {
			case e := <-told:
				if u, ok := e.data["user"].(object); e.name == "user:updated" && (!ok || u["deleted"] != true || u["username"] != "") {
					t.Errorf("bob is told %v", e.data)
				}
				delete(wanted, e.name)
			case <-time.After(patience):
				t.Fatalf("bob has not heard %v", wanted)
			}
		}
		var members struct {
			MyRole  string
			Members []struct{ UserID string }
		}
		bob.must(200, "GET", "/chats/"+group.ID, nil, &members)
		if members.MyRole != "owner" || len(members.Members) != 1 {
			t.Errorf("the group is left with %+v", members)
		}
		if said := history(bob, group.ID); len(said) < 1 || said[0]["content"] != "look" || said[0]["userId"] != ann.id {
			t.Errorf("the group holds %v", said)
		}
		if said := history(bob, direct.ID); len(said) != 1 || said[0]["content"] != "between us" {
			t.Errorf("the direct chat holds %v", said)
		}
		status, raw, err := bob.call("GET", "/attachments/"+file, nil)
		if err != nil || status != 200 || string(raw) != "for bob" {
			t.Errorf("the file that was sent: %d %q %v", status, raw, err)
		}
		var found struct{ Items []object }
		bob.must(200, "GET", "/users/search?q=ann", nil, &found)
		if len(found.Items) != 0 {
			t.Errorf("still found: %v", found.Items)
		}
		_, raw, _ = bob.call("GET", "/users/"+ann.id, nil)
		if shown := string(raw); !strings.Contains(shown, `"deleted":true`) || strings.Contains(shown, "ann") {
			t.Errorf("the account shows as %s", shown)
		}

		again := p.join("ann") // the name and the address are free
		if again.id == ann.id {
			t.Error("the account came back")
		}
		again.must(404, "GET", "/chats/"+group.ID, nil, nil)
		again.must(404, "GET", "/chats/"+alone.ID, nil, nil)
	})
}
