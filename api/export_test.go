package api_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"reflect"
	"strings"
	"testing"
	"time"
)

// archive is an export that was downloaded: its entries by name.
type archive map[string][]byte

func unzip(t *testing.T, raw []byte) archive {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	found := archive{}
	for _, f := range z.File {
		if f.Name != path.Clean(f.Name) || strings.HasPrefix(f.Name, "/") || strings.HasPrefix(f.Name, "..") || found[f.Name] != nil {
			t.Errorf("an entry is called %q", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if found[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// list reads an entry that is an array.
func (a archive) list(t *testing.T, name string) []object {
	t.Helper()
	var l []object
	if err := json.Unmarshal(a[name], &l); err != nil || l == nil {
		t.Fatalf("%s: %v in %q", name, err, a[name])
	}
	return l
}

func (a archive) object(t *testing.T, name string) object {
	t.Helper()
	return (&reply{t: t, what: name, raw: a[name]}).object()
}

// exported asks for everything and downloads it.
func (a account) exported() archive {
	a.Helper()
	return unzip(a.T, a.send("GET", a.post("/users/me/export", object{"password": password}).is(200).str("url"), "", nil).is(200).raw)
}

func TestExportIsWhatOneMayRead(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(s *server) {
		ann, bob, eve := s.join("ann"), s.join("bob"), s.join("eve")
		group, direct := ann.group(bob), ann.post("/chats", object{"type": "direct", "memberIds": []string{bob.id}}).is(201).str("id")
		secret := bob.group(eve)
		bob.say(secret, "not for ann")
		bob.put("/users/"+eve.id+"/block", nil).is(204)
		ann.put("/users/"+eve.id+"/block", nil).is(204)

		// More than two pages of a chat, with an edit and a tombstone.
		var first string
		for n := range 410 {
			m := []account{ann, bob}[n%2].say(group, "said in the group")
			if n == 0 {
				first = m["id"].(string)
			}
		}
		ann.patch("/messages/"+first, object{"content": "said better"}).is(200)
		bob.del("/messages/"+bob.say(direct, "taken back")["id"].(string), nil).is(204)
		gone := ann.say(direct, "to be taken back")["id"].(string)
		ann.del("/messages/"+gone, nil).is(204)

		photo := ann.form("POST", "/attachments", field{"file", "me.png", picture(s.T)}).is(201)
		ann.post("/messages", object{"chatId": group, "content": "look", "attachmentIds": []string{photo.str("id")}}).is(201)
		unsent := ann.form("POST", "/attachments", field{"file", "мои заметки.txt", "kept to myself"}).is(201)
		bob.form("POST", "/attachments", field{"file", "bob.txt", "of bob"}).is(201)

		// A chat that ann has left, with a file of hers in it.
		left := ann.group(bob)
		bob.say(left, "said in the chat that ann left")
		lost := ann.form("POST", "/attachments", field{"file", "left.txt", "left behind"}).is(201)
		ann.post("/messages", object{"chatId": left, "attachmentIds": []string{lost.str("id")}}).is(201)
		ann.patch("/chats/"+left+"/members/"+bob.id, object{"role": "owner"}).is(200)
		ann.del("/chats/"+left+"/members/"+ann.id, nil).is(204)

		got := ann.exported()
		for name, content := range got {
			for _, foreign := range []string{"not for ann", "of bob", "chat that ann left", "left behind", "taken back", secret, left} {
				if bytes.Contains(content, []byte(foreign)) && !strings.HasPrefix(name, "calls") {
					s.Errorf("%s holds %q", name, foreign)
				}
			}
		}
		if profile := got.object(s.T, "profile.json"); !reflect.DeepEqual(profile, ann.get("/users/me").is(200).object()) {
			s.Errorf("the profile is %v", profile)
		}
		if sessions := got.list(s.T, "sessions.json"); len(sessions) != 1 || sessions[0]["id"] == "" {
			s.Errorf("sessions: %v", sessions)
		}
		if contacts := got.list(s.T, "contacts.json"); len(contacts) != 1 || contacts[0]["id"] != bob.id || contacts[0]["email"] != nil {
			s.Errorf("contacts: %v", contacts)
		}
		if blocks := got.list(s.T, "blocks.json"); len(blocks) != 1 || blocks[0]["id"] != eve.id {
			s.Errorf("blocks: %v", blocks)
		}
		if calls := got.list(s.T, "calls.json"); len(calls) != 0 {
			s.Errorf("calls: %v", calls)
		}
		for _, id := range []string{group, direct} {
			if c := got.object(s.T, "chats/"+id+"/chat.json"); !reflect.DeepEqual(c, ann.get("/chats/"+id).is(200).object()) {
				s.Errorf("the chat is %v", c)
			}
			if messages, want := got.list(s.T, "chats/"+id+"/messages.json"), ann.history(id); !reflect.DeepEqual(messages, want) {
				s.Errorf("%d messages of %s, not the %d that GET /messages shows", len(messages), id, len(want))
			}
		}
		files := got.list(s.T, "files.json")
		if len(files) != 2 {
			s.Fatalf("files: %v", files)
		}
		for n, id := range []string{photo.str("id"), unsent.str("id")} {
			content := got[files[n]["path"].(string)]
			if files[n]["id"] != id || !bytes.Equal(content, ann.get("/attachments/"+id).is(200).raw) {
				s.Errorf("%v has %d bytes", files[n], len(content))
			}
		}
		if n := len(got); n != 6+2*2+2 {
			s.Errorf("%d entries", n)
		}
	})
}

// history is all messages of a chat, as GET /messages pages through them.
func (a account) history(chatID string) []object {
	a.Helper()
	var all []object
	for after := 0.0; ; {
		page := a.get("/messages?chatId=" + chatID + "&limit=200&after=" + fmt.Sprint(int(after))).is(200).object()
		for _, item := range page["items"].([]any) {
			all = append(all, object(item.(map[string]any)))
			after = item.(map[string]any)["seq"].(float64)
		}
		if page["hasMore"] != true {
			return all
		}
	}
}

func TestExportLinks(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob := s.join("ann"), s.join("bob")
	ann.post("/users/me/export", object{"password": "wrong"}).problem(403, "wrong_password", "password")
	made := ann.post("/users/me/export", object{"password": password}).is(200)
	link := made.str("url")
	if ends, err := time.Parse(time.RFC3339, made.str("expiresAt")); err != nil || time.Until(ends) > 10*time.Minute || time.Until(ends) < 9*time.Minute {
		t.Errorf("the link ends at %v, %v", ends, err)
	}
	got := s.send("GET", link, "", nil).is(200)
	name := "confab-export-ann-" + time.Now().UTC().Format(time.DateOnly) + ".zip"
	if got.header.Get("Content-Type") != "application/zip" || got.header.Get("Content-Disposition") != "attachment; filename="+name ||
		got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", got.header)
	}
	if head := s.send("HEAD", link, "", nil).is(200); len(head.raw) != 0 {
		t.Errorf("HEAD answers %d bytes", len(head.raw))
	}
	for what, bad := range map[string]string{
		"another signature": link[:len(link)-4] + "AAAA",
		"no signature":      strings.Split(link, "&sig=")[0],
		"a later end":       strings.Replace(link, "exp=1", "exp=2", 1),
		"another session":   strings.Replace(link, "/exports/"+strings.Split(link, "?")[0][len("/exports/"):], "/exports/"+bob.id, 1),
		"no id":             strings.Replace(link, "/exports/", "/exports/x", 1),
	} {
		if r := s.send("GET", bad, "", nil); r.status != 404 {
			t.Errorf("%s: %d %s", what, r.status, r.raw)
		}
	}
	// The link dies with the session that asked for it.
	ann.post("/auth/logout", nil).is(204)
	s.send("GET", link, "", nil).problem(404, "not_found")
	if strings.Contains(s.log.String(), "sig=") {
		t.Error("the log has the signature")
	}
}

func TestOneExportOfAPersonAtATime(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob := s.join("ann"), s.join("bob")
	big := make([]byte, 32<<20) // more than all buffers on the way hold
	rand.Read(big)
	ann.form("POST", "/attachments", field{"file", "big.bin", string(big)}).is(201)
	link := ann.post("/users/me/export", object{"password": password}).is(200).str("url")
	slow, err := http.Get(s.url + link)
	if err != nil {
		t.Fatal(err)
	}
	s.send("GET", link, "", nil).problem(409, "export_running")
	if n := len(bob.exported()); n != 6 {
		t.Errorf("bob has %d entries meanwhile", n)
	}
	got, err := io.ReadAll(slow.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(entryWith(unzip(t, got), "files/"), big) {
		t.Error("the large file came out different")
	}
	again, err := http.Get(s.url + link)
	if err != nil || again.StatusCode != 200 {
		t.Fatalf("after the first: %v, %v", again, err)
	}
	// Who goes away half-way makes room at once for the next.
	if err := again.Body.Close(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		r := s.send("GET", link, "", nil)
		if r.status == 200 {
			break
		}
		if r.problem(409, "export_running"); t.Failed() || time.Now().After(deadline) {
			t.Fatal("the download that was given up still counts")
		}
	}
}

// entryWith is the content of the only entry in a folder.
func entryWith(a archive, folder string) []byte {
	for name, content := range a {
		if strings.HasPrefix(name, folder) {
			return content
		}
	}
	return nil
}
