package sfu_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"confab/sfu"
)

// browser is a Chromium with one page open, in which the people of a test live. The page asks for what it shall do, and
// brings the results, so that nothing is needed but HTTP.
type browser struct {
	t        testing.TB
	commands chan command

	mu      sync.Mutex // owns the fields below
	asked   int
	results map[int]chan result
	people  map[string]*person
}

type command struct {
	ID   int    `json:"id"`
	Code string `json:"code"`
}

type result struct {
	ID    int             `json:"id"`
	Value json.RawMessage `json:"value"`
	Error string          `json:"error"`
}

// person is somebody in the page, and the handler of their leg.
type person struct {
	browser *browser
	name    string
	leg     *sfu.Leg
	detour  func(answer string) string

	mu     sync.Mutex // owns the fields below
	slots  []sfu.Slot
	told   []sfu.Slot // all that were ever told
	layers []string   // last told; nil before
	codecs []string
}

// openBrowser starts Chromium. It ends with the test.
func openBrowser(t testing.TB) *browser {
	t.Helper()
	b := &browser{t: t, commands: make(chan command, 100), results: map[int]chan result{}, people: map[string]*person{}}
	page := http.NewServeMux()
	page.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/person.html") })
	page.HandleFunc("GET /next", b.next)
	page.HandleFunc("POST /result", b.result)
	page.HandleFunc("POST /offer", b.offer)
	server := httptest.NewServer(page)
	t.Cleanup(server.CloseClientConnections)
	chromium := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--user-data-dir="+t.TempDir(), "--autoplay-policy=no-user-gesture-required", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-renderer-backgrounding", "--disable-background-timer-throttling",
		"--disable-features=WebRtcHideLocalIpsWithMdns", server.URL)
	// All of its processes are one group, and hold this pipe: Wait ends when the last of them has, and leaves the folder alone.
	chromium.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	chromium.Stderr = io.Discard
	must(t, chromium.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-chromium.Process.Pid, syscall.SIGKILL)
		_ = chromium.Wait() // it was killed
	})
	return b
}

// next gives the page its next command.
func (b *browser) next(w http.ResponseWriter, r *http.Request) {
	select {
	case c := <-b.commands:
		_ = json.NewEncoder(w).Encode(c)
	case <-r.Context().Done():
	}
}

// result takes what a command has led to.
func (b *browser) result(w http.ResponseWriter, r *http.Request) {
	var got result
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if waiting := b.results[got.ID]; waiting != nil {
		waiting <- got
		delete(b.results, got.ID)
	}
}

// offer answers for somebody's leg.
func (b *browser) offer(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	p := b.people[r.URL.Query().Get("leg")]
	b.mu.Unlock()
	offer, err := io.ReadAll(r.Body)
	var answer string
	if err == nil {
		answer, err = p.leg.Offer(r.Context(), string(offer), nil)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if p.detour != nil {
		answer = p.detour(answer)
	}
	_, _ = io.WriteString(w, answer)
}

// run has the page evaluate an expression and returns where its result will come.
func (b *browser) run(format string, args ...any) <-chan result {
	for i, a := range args {
		text, err := json.Marshal(a)
		must(b.t, err)
		args[i] = string(text)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	out := make(chan result, 1)
	b.results[b.asked] = out
	b.commands <- command{b.asked, fmt.Sprintf(format, args...)}
	return out
}

// do has the page evaluate an expression, in which each %v is an argument as JSON, and waits.
func (b *browser) do(into any, format string, args ...any) {
	b.t.Helper()
	select {
	case got := <-b.run(format, args...):
		if got.Error != "" {
			b.t.Fatalf("%s: %s", format, got.Error)
		}
		if into != nil {
			must(b.t, json.Unmarshal(got.Value, into))
		}
	case <-time.After(patience):
		b.t.Fatalf("%s: no answer from the page", format)
	}
}

// part is what somebody in the page sends and receives.
type part struct {
	Send       bool       `json:"send"`
	Voice      bool       `json:"voice"`
	Receive    int        `json:"receive"`    // sections of video
	Descriptor bool       `json:"descriptor"` // takes the dependency descriptor, which Chromium does not by itself
	Width      int        `json:"width,omitempty"`
	Height     int        `json:"height,omitempty"`
	FPS        int        `json:"fps,omitempty"`
	Share      float64    `json:"share,omitempty"` // of the picture that changes each time
	Encodings  []encoding `json:"encodings,omitempty"`
	Codecs     []string   `json:"codecs,omitempty"` // all that the browser admits to know, best first
}

type encoding struct {
	RID         string  `json:"rid,omitempty"`
	ScaleDown   float64 `json:"scaleResolutionDownBy,omitempty"`
	MaxBitrate  int     `json:"maxBitrate,omitempty"`
	Scalability string  `json:"scalabilityMode,omitempty"`
}

// join brings somebody into a room, over a road if one is given.
func (b *browser) join(room *sfu.Room, name string, as part, detour func(string) string) *person {
	b.t.Helper()
	p := &person{browser: b, name: name, detour: detour}
	leg, err := room.Join(name, p)
	must(b.t, err)
	p.leg = leg
	b.mu.Lock()
	b.people[name] = p
	b.mu.Unlock()
	b.do(nil, "make(%v, %v)", name, as)
	b.do(nil, "negotiate(%v)", name)
	return p
}

func (p *person) Slots(s []sfu.Slot, _ sfu.Wanted) {
	p.note(func() { p.slots, p.told = s, append(p.told, s...) })
}
func (p *person) Tracks([]sfu.Track)   {}
func (p *person) Connection(sfu.State) {}
func (p *person) Closed(error)         {}

// Layers has the browser send what is watched, as a client of the protocol does.
func (p *person) Layers(_ string, active []string) {
	p.note(func() { p.layers = active })
	p.follow("setLayers(%v, %v)", active)
}

// Codecs has the browser send what all can decode.
func (p *person) Codecs(_ string, usable []string) {
	p.note(func() { p.codecs = usable })
	p.follow("setCodecs(%v, %v)", usable)
}

// follow has the page do what the leg was told, and does not wait, as a handler should not.
func (p *person) follow(format string, list []string) {
	out := p.browser.run(format, p.name, list)
	go func() {
		select {
		case got := <-out:
			if got.Error != "" {
				p.browser.t.Errorf("%s: %s: %s", p.name, format, got.Error)
			}
		case <-p.browser.t.Context().Done():
		}
	}()
}

func (p *person) note(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// rtpStats is a report of the browser's about a stream, as far as tests ask.
type rtpStats struct {
	Type          string  `json:"type"`
	ID            string  `json:"id"`
	Kind          string  `json:"kind"`
	MID           string  `json:"mid"`
	RID           string  `json:"rid"`
	MimeType      string  `json:"mimeType"` // of a codec
	CodecID       string  `json:"codecId"`
	FramesDecoded int     `json:"framesDecoded"`
	FramesCome    int     `json:"framesReceived"`
	FrameHeight   int     `json:"frameHeight"`
	FPS           float64 `json:"framesPerSecond"`
	KeyFrames     int     `json:"keyFramesDecoded"`
	Freezes       int     `json:"freezeCount"`
	Frozen        float64 `json:"totalFreezesDuration"` // seconds
	Bytes         int     `json:"bytesReceived"`
	Received      int     `json:"packetsReceived"`
	Lost          int     `json:"packetsLost"`
	Repaired      int     `json:"retransmittedPacketsReceived"`
	NACKs         int     `json:"nackCount"`
	PLIs          int     `json:"pliCount"`
	Sent          int     `json:"packetsSent"`
	SentBytes     int     `json:"bytesSent"`
	Encoded       int     `json:"framesEncoded"`
	Mode          string  `json:"scalabilityMode"`
}

// stats returns the reports of a type about somebody's video.
func (p *person) stats(kind string) []rtpStats {
	p.browser.t.Helper()
	var all, out []rtpStats
	p.browser.do(&all, "stats(%v)", p.name)
	for _, s := range all {
		if s.Type != kind || s.Kind != "video" {
			continue
		}
		for _, c := range all {
			if c.ID == s.CodecID {
				s.MimeType = c.MimeType
			}
		}
		out = append(out, s)
	}
	return out
}

// picture returns what the browser says of the first picture that it receives.
func (p *person) picture() rtpStats {
	p.browser.t.Helper()
	if in := p.stats("inbound-rtp"); len(in) > 0 {
		return in[0]
	}
	return rtpStats{}
}

// freezes returns how often any of somebody's pictures stood still.
func (p *person) freezes() (n int) {
	p.browser.t.Helper()
	for _, in := range p.stats("inbound-rtp") {
		n += in.Freezes
	}
	return n
}

// until asks again and again, since statistics do not tell when they change.
func (p *person) until(what string, limit time.Duration, cond func() bool) time.Duration {
	p.browser.t.Helper()
	began := time.Now()
	for tick := time.NewTicker(50 * time.Millisecond); !cond(); <-tick.C {
		if time.Since(began) > limit {
			p.browser.t.Fatalf("%s: %s: not within %v; %+v, %+v", p.name, what, limit, p.picture(), p.leg.Stats())
		}
	}
	return time.Since(began)
}
