package signaling_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"confab/internal/bus"
	"confab/internal/text"
	"confab/signaling"
	"confab/store"
)

// TestStalledReaderIsClosedAndDelaysNobody has somebody write to a group, each message when another member has heard the
// one before, until that is more than a third member, who does not read, has room for in the socket and the queue.
func TestStalledReaderIsClosedAndDelaysNobody(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		ann, bob, slow := h.user(), h.user(), h.user()
		chatID := h.group(ann, bob, slow)
		ws, _, err := h.dial(http.Header{"Authorization": {"Bearer " + slow.token}}, "")
		if err != nil {
			t.Fatal(err)
		}
		writer, reader := ann.connect(), bob.connect()
		long := strings.Repeat("🐌", text.MaxMessage) // four bytes each
		for n := 0; h.hub.Stats().Overflows == 0; n++ {
			if n > 2000 {
				t.Fatal("the stalled reader is never closed")
			}
			if sent := writer.say(chatID, long); reader.hears() != sent {
				t.Fatal("the reader hears something else")
			}
		}
		if code := h.attach(t, ws).ends(); code != signaling.CloseSlow {
			t.Errorf("closed with %d", code)
		}
		if sent := writer.say(chatID, "on we go"); reader.hears() != sent {
			t.Error("the reader hears something else")
		}
	})
}

// TestPooledConnectionsNeverMix opens and drops sockets of one user in the middle of a storm of events for them, while
// sockets of another user come and go on the same pools: no event may end up on a socket of the other's.
func TestPooledConnectionsNeverMix(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{hub: signaling.HubConfig{QueueFrames: 1 << 20, QueueBytes: 1 << 30}}) // no overflow today
	ann, bob := h.user(), h.user()
	ctx, stop := context.WithCancel(context.Background())
	var storms sync.WaitGroup
	for range 2 {
		storms.Go(func() {
			for ctx.Err() == nil {
				h.hub.Deliver(bus.Event{Name: "for-ann", To: []store.ID{ann.id}, Data: strings.Repeat("a", 300)})
				runtime.Gosched()
			}
		})
	}
	for range 100 {
		a, _, err := h.dial(http.Header{"Authorization": {"Bearer " + ann.token}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		if tcp, ok := a.NetConn().(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // vanish with a reset, events under way
		}
		_ = a.Close()
		b := bob.connect()
		b.none("for-ann")
		_ = b.ws.Close()
	}
	stop()
	storms.Wait()
}

// TestShutdownCutsWhoDoesNotAnswer has a client that never reads, so that not even the close reaches it.
func TestShutdownCutsWhoDoesNotAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	u := h.user()
	ws, _, err := h.dial(http.Header{"Authorization": {"Bearer " + u.token}}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if _, _, err := ws.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.server.Shutdown(ctx); err != context.Canceled {
		t.Errorf("shutdown: %v", err)
	}
	if n := h.hub.Stats().Sockets; n != 0 {
		t.Errorf("%d sockets are left", n)
	}
}

func TestDeadPeerIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{server: signaling.Config{Timing: signaling.Timing{Ping: 20 * time.Millisecond, Dead: 200 * time.Millisecond}}})
	alive, dead := h.user(), h.user()
	quiet := alive.connect() // answers pings, since its client reads
	conn := rawSocket(t, h, dead.token)
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, conn); err != nil { // to the server's end of the connection
		t.Fatalf("the dead peer is kept: %v", err)
	}
	quiet.do("ping", nil)
}

func TestPingIsAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ws, _, err := h.dial(http.Header{"Authorization": {"Bearer " + h.user().token}}, "")
	if err != nil {
		t.Fatal(err)
	}
	pong := make(chan string, 1)
	ws.SetPongHandler(func(payload string) error { pong <- payload; return nil })
	c := h.attach(t, ws)
	if err := ws.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c.do("ping", nil)
	if got := <-pong; got != "are you there" {
		t.Errorf("pong %q", got)
	}
}

// TestIdleSocketIsSmall holds what an idle socket costs the server to its budget. The clients are bare connections in
// the same process, and their cost is counted too.
func TestIdleSocketIsSmall(t *testing.T) {
	const users, each = 16, 60
	h := newHouse(t, plan{})
	var people []*user
	for range users {
		people = append(people, h.user())
	}
	warm := rawSocket(t, h, people[0].token) // pools, caches and lazily made things
	_ = warm.Close()
	before := inUse()
	for _, u := range people {
		for range each {
			conn := rawSocket(t, h, u.token)
			defer conn.Close()
		}
	}
	perSocket := int64(inUse()-before) / (users * each)
	t.Logf("%d bytes per idle socket", perSocket)
	if perSocket > idleBudget {
		t.Errorf("%d bytes per idle socket, the budget is %d", perSocket, idleBudget)
	}
}

// inUse is what the heap and the stacks hold after a collection.
func inUse() uint64 {
	var m runtime.MemStats
	for range 4 { // the second takes what the first took out of pools, and each may halve a stack
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// rawSocket makes the handshake by hand over a bare connection, and reads the header of the first frame.
func rawSocket(t *testing.T, h *house, token string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n\r\n", h.addr, token)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReaderSize(conn, 512)
	status, err := r.ReadString('\n')
	if err != nil || !strings.Contains(status, "101") {
		t.Fatalf("handshake: %q, %v", status, err)
	}
	for line := status; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.ReadByte(); err != nil { // ready has begun to arrive
		t.Fatal(err)
	}
	return conn
}

// TestFramesRightBehindTheHandshake come before the connection is taken from the HTTP server, which may have read them.
func TestFramesRightBehindTheHandshake(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	const frames = 40
	early := fmt.Appendf(nil, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n\r\n", h.addr, h.user().token)
	for n := range frames {
		ping := fmt.Sprintf(`{"event":"ping","id":%d}`, n)
		early = append(early, 0x81, 0x80|byte(len(ping)), 0, 0, 0, 0) // under a mask of zeros
		early = append(early, ping...)
	}
	if _, err := conn.Write(early); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for n := range frames {
		want := fmt.Sprintf(`{"event":"ack","id":%d,"data":{}}`, n)
		for got := ""; !strings.HasSuffix(got, want); {
			part, err := r.ReadString('}')
			if err != nil {
				t.Fatalf("frame %d is not answered: %v", n, err)
			}
			got += part
		}
	}
}
