package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/fasthttp/websocket"

	"confab/store/storetest/pgtest"
)

// beServer makes the test binary be confab.
const beServer = "CONFAB_TEST_BE_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(beServer) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is confab in a process of its own, which can be killed and started again on the same data and port.
type process struct {
	t   *testing.T
	url string
	dir string
	env []string
	cmd *exec.Cmd // nil while it does not run
}

// launch starts a server with settings beside the usual ones. It is stopped in order at the test's end.
func launch(t *testing.T, env ...string) *process {
	t.Helper()
	port := freePort(t)
	p := &process{t: t, url: "http://127.0.0.1:" + port, dir: t.TempDir()}
	p.env = append(append(os.Environ(), beServer+"=1", "CONFAB_ADMIN_LISTEN=off", "CONFAB_RATE_LIMIT_SCALE=1000000",
		"CONFAB_LISTEN=127.0.0.1:"+port, "CONFAB_DATA_DIR="+p.dir, "CONFAB_LOG_LEVEL=warn", "CONFAB_SHUTDOWN_GRACE=0s"), env...)
	t.Cleanup(p.stop)
	p.start()
	return p
}

// eachEngine launches a server on each database.
func eachEngine(t *testing.T, test func(t *testing.T, p *process)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, launch(t, "DATABASE_URL="))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, launch(t, "DATABASE_URL="+pgtest.URL(t)))
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env, p.cmd.Stderr = p.env, p.t.Output()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, "ready") {
		p.t.Fatalf("the server is not ready: %q, %v", line, err)
	}
}

// stop ends the server in order, if it runs.
func (p *process) stop() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("the server ended with: %v", err)
	}
	p.cmd = nil
}

// kill ends it as a power cut would end the process.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // killed, as it should be
	p.cmd = nil
}

type object = map[string]any

// person is somebody with an account on a process.
type person struct {
	p               *process
	id, name, token string
}

const personsPassword = "a fine long secret"

func (p *process) join(name string) *person {
	p.t.Helper()
	var in struct {
		AccessToken string
		User        struct{ ID string }
	}
	who := &person{p: p, name: name}
	who.must(201, "POST", "/auth/register", object{"email": name + "@example.org", "username": name, "password": personsPassword}, &in)
	who.id, who.token = in.User.ID, in.AccessToken
	return who
}

// call makes a request and tells the status and the body. An error is one of the connection.
func (w *person) call(method, path string, body any, headers ...string) (status int, raw []byte, err error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		content = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, w.p.url+path, content)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if w.token != "" {
		req.Header.Set("Authorization", "Bearer "+w.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	raw, err = io.ReadAll(res.Body)
	return res.StatusCode, raw, err
}

// must is call for what has to answer with a status; into may be nil.
func (w *person) must(status int, method, path string, body, into any, headers ...string) {
	w.p.t.Helper()
	got, raw, err := w.call(method, path, body, headers...)
	if err == nil && got != status {
		err = fmt.Errorf("status %d: %s", got, raw)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		w.p.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// device is a socket of somebody's, with a reader of its own.
type device struct {
	ws *websocket.Conn

	mu      sync.Mutex
	waiting map[string]chan object // by id of the frame
	next    int
	ready   object        // the first frame's data
	why     error         // why the reader ended; to be read after ended
	ended   chan struct{} // closed when the reader is gone
}

// connect opens a socket and waits for its ready. heard is called for each event after it, one after the other.
func (w *person) connect(heard func(event string, data object)) (*device, error) {
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.p.url, "http")+"/ws", http.Header{"Authorization": {"Bearer " + w.token}})
	if err != nil {
		return nil, err
	}
	d := &device{ws: ws, waiting: map[string]chan object{}, ended: make(chan struct{})}
	var first struct{ Data object }
	if err := ws.ReadJSON(&first); err != nil {
		_ = ws.Close()
		return nil, err
	}
	d.ready = first.Data
	go d.read(heard)
	return d, nil
}

func (d *device) read(heard func(string, object)) {
	defer close(d.ended)
	for {
		var f struct {
			Event string
			ID    json.RawMessage
			Data  object
			Error object
		}
		if d.why = d.ws.ReadJSON(&f); d.why != nil {
			return
		}
		if f.Event != "ack" {
			heard(f.Event, f.Data)
			continue
		}
		d.mu.Lock()
		answer := d.waiting[string(f.ID)]
		delete(d.waiting, string(f.ID))
		d.mu.Unlock()
		if f.Error != nil {
			f.Data = object{"error": f.Error}
		}
		answer <- f.Data
	}
}

// ask sends an event and waits for its ack's data, or {error}. When the socket ends first, it answers nil.
func (d *device) ask(event string, data object) object {
	answer := make(chan object, 1)
	d.mu.Lock()
	d.next++
	d.waiting[fmt.Sprint(d.next)] = answer
	_ = d.ws.WriteJSON(object{"event": event, "data": data, "id": d.next}) // the reader notices a broken socket
	d.mu.Unlock()
	select {
	case got := <-answer:
		return got
	case <-d.ended:
		select {
		case got := <-answer: // it came just before the end
			return got
		default:
			return nil
		}
	}
}

// cut ends the socket without a word, as a lost network does, and waits for its reader.
func (d *device) cut() {
	_ = d.ws.Close()
	<-d.ended
}
