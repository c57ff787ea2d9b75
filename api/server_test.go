package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"confab/api"
	"confab/internal/attach"
	"confab/internal/auth"
	"confab/internal/blob"
	"confab/internal/bus"
	"confab/internal/call"
	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/internal/export"
	"confab/internal/ice"
	"confab/internal/limit"
	"confab/store"
)

// calls is a call history with nothing in it that notes who asked for what.
type calls struct{ asked []any }

func (c *calls) History(_ context.Context, actor, chatID store.ID, limit int, cursor string) (call.RecordPage, error) {
	c.asked = []any{actor, chatID, limit, cursor}
	return call.RecordPage{Items: []call.Record{}}, nil
}

// server is the app on a real socket.
type server struct {
	*testing.T
	url   string
	auth  *auth.Service
	chats *chat.Service
	calls *calls
	log   *logBuffer
	ready error
}

// asked is a limiter that refuses nobody, and hears who asks for what.
type asked func(kind, key string)

func (a asked) Allow(kind, key string) (bool, time.Duration) { a(kind, key); return true, 0 }

// logBuffer is a log that several goroutines write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newServer(t *testing.T, scale float64) *server {
	return newServerWith(t, scale, func(*api.Config) {})
}

func newServerWith(t *testing.T, scale float64, change func(*api.Config)) *server {
	t.Helper()
	return newServerOn(t, enginetest.SQLite(t), scale, change)
}

// eachEngine runs a test against a server on each database.
func eachEngine(t *testing.T, test func(s *server)) {
	t.Helper()
	enginetest.Each(t, func(t *testing.T, db store.Store) {
		test(newServerOn(t, db, 100, func(*api.Config) {}))
	})
}

func newServerOn(t *testing.T, db store.Store, scale float64, change func(*api.Config)) *server {
	t.Helper()
	s := &server{T: t, calls: &calls{}, log: &logBuffer{}}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	events := &bus.Local{}
	blobs, err := blob.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("0123456789abcdef0123456789abcdef")
	files := attach.New(attach.Config{Store: db, Blobs: blobs, Secret: secret, Log: log})
	s.chats = chat.New(chat.Config{Store: db, Bus: events, Link: files.Link, Afford: files.Afford, Log: log})
	s.auth = auth.New(auth.Config{Store: db, Bus: events, Chats: s.chats, Log: log, Cost: bcrypt.MinCost, Secret: secret})
	exports, err := export.New(export.Config{Store: db, Blobs: blobs, Chats: s.chats, Accounts: s.auth, Secret: secret,
		Dir: filepath.Join(t.TempDir(), "exports"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	cfg := api.Config{
		Auth: s.auth, Chats: s.chats, Calls: s.calls, Files: files, Exports: exports, Limits: limit.New(scale), Version: "test", Log: log,
		Ready: func(context.Context) error { return s.ready },
		ICE: func(id store.ID) ([]ice.Server, time.Duration) {
			return []ice.Server{{URLs: []string{"turn:example.com"}, Username: "1:" + string(id), Credential: "c"}}, time.Hour
		},
	}
	change(&cfg)
	app := api.NewApp(cfg)
	if err := api.ServeApp(app, builtApp()); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	t.Cleanup(func() {
		if err := app.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	s.url = "http://" + ln.Addr().String()
	return s
}

func builtApp() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"index.html": file("<!doctype html><p>app"), "favicon.svg": file("<svg/>"), ".gitkeep": file(""),
		"assets/app-1a2b.js": file("plain"), "assets/app-1a2b.js.br": file("brotli"), "assets/app-1a2b.js.gz": file("gzip"),
	}
}

// reply is an answer with its body read.
type reply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	raw    []byte
}

// object is a decoded JSON object.
type object map[string]any

func (r *reply) object() object {
	r.t.Helper()
	var o object
	if err := json.Unmarshal(r.raw, &o); err != nil {
		r.t.Fatalf("%s: %v in %q", r.what, err, r.raw)
	}
	return o
}

func (r *reply) str(key string) string {
	r.t.Helper()
	s, _ := r.object()[key].(string)
	return s
}

// is checks the status, and gives the reply on.
func (r *reply) is(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("%s: %d, want %d: %s", r.what, r.status, status, r.raw)
	}
	return r
}

// problem checks that the reply is a problem of this status and code that names these fields.
func (r *reply) problem(status int, code string, fields ...string) *reply {
	r.t.Helper()
	r.is(status)
	if ct := r.header.Get("Content-Type"); ct != "application/problem+json" {
		r.t.Errorf("%s: content type %q", r.what, ct)
		return r
	}
	o := r.object()
	if o["code"] != code || o["status"] != float64(status) || o["title"] == "" || o["detail"] == "" || o["type"] == "" {
		r.t.Errorf("%s: want code %s: %s", r.what, code, r.raw)
	}
	var named []string
	list, _ := o["errors"].([]any)
	for _, e := range list {
		named = append(named, e.(map[string]any)["field"].(string))
	}
	if len(fields) > 0 && strings.Join(named, " ") != strings.Join(fields, " ") {
		r.t.Errorf("%s names %v, want %v", r.what, named, fields)
	}
	return r
}

// send makes a request. body is nil, a string that goes as it is, or something that becomes JSON.
func (s *server) send(method, path, token string, body any, headers ...string) *reply {
	s.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, content)
	if err != nil {
		s.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return &reply{s.T, method + " " + path, res.StatusCode, res.Header, raw}
}

const password = "a fine long secret"

// account is somebody who is signed in.
type account struct {
	*server
	id, name, token, refresh string
}

func (s *server) join(name string) account {
	s.Helper()
	o := s.send("POST", "/auth/register", "", object{"email": name + "@example.com", "username": name, "password": password}).is(201).object()
	user := o["user"].(map[string]any)
	return account{s, user["id"].(string), name, o["accessToken"].(string), o["refreshToken"].(string)}
}

func (a account) get(path string) *reply { a.Helper(); return a.send("GET", path, a.token, nil) }

func (a account) post(path string, body any) *reply {
	a.Helper()
	return a.send("POST", path, a.token, body)
}

func (a account) patch(path string, body any) *reply {
	a.Helper()
	return a.send("PATCH", path, a.token, body)
}

func (a account) put(path string, body any) *reply {
	a.Helper()
	return a.send("PUT", path, a.token, body)
}

func (a account) del(path string, body any) *reply {
	a.Helper()
	return a.send("DELETE", path, a.token, body)
}

func (a account) group(others ...account) string {
	a.Helper()
	ids := []string{}
	for _, o := range others {
		ids = append(ids, o.id)
	}
	return a.post("/chats", object{"type": "group", "name": "Group", "memberIds": ids}).is(201).str("id")
}

func (a account) say(chatID, content string) object {
	a.Helper()
	return a.post("/messages", object{"chatId": chatID, "content": content}).is(201).object()
}
