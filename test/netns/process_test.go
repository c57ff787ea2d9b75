package netns

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// roleVariable tells a process of this test binary that it is not the test but a server or client inside a lab.
const roleVariable = "CONFAB_NETNS_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		play(role)
		return
	}
	os.Exit(m.Run())
}

// event is what a process of the lab tells the test, a line of JSON.
type event struct {
	What      string // "ready", "media", "failed"
	Detail    string // failed: why; ready: how the router forwards the port, if it does, and the public address
	ConnectMS int64  // media: from the first line of code to a connection
	Way       string // media: the candidate pair, as seen by the client
}

// process is a server or client inside a lab.
type process struct {
	t      *testing.T
	name   string
	stdin  io.WriteCloser
	events chan event
	end    func() // ends it, and waits
}

// start runs a role on a host. The process ends with the test.
func (h *host) start(role string, config any) *process {
	t := h.lab.t
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("ip", "netns", "exec", h.ns, self)
	c.Env = append(os.Environ(), roleVariable+"="+role+":"+string(text))
	p := &process{t: t, name: h.ns[len(h.lab.prefix):], events: make(chan event, 100)}
	if p.stdin, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = t.Output()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(p.events)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			var e event
			if json.Unmarshal(lines.Bytes(), &e) == nil {
				p.events <- e
			}
		}
	}()
	p.end = sync.OnceFunc(func() {
		_ = p.stdin.Close() // the process ends with its input
		<-read
		if err := c.Wait(); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	})
	t.Cleanup(p.end)
	return p
}

// wait waits for an event.
func (p *process) wait(what string) event {
	p.t.Helper()
	limit := time.After(45 * time.Second)
	for {
		select {
		case e, ok := <-p.events:
			switch {
			case !ok:
				p.t.Fatalf("%s ended before %q", p.name, what)
			case e.What == what:
				return e
			default:
				p.t.Fatalf("%s: %s: %s", p.name, e.What, e.Detail)
			}
		case <-limit:
			p.t.Fatalf("%s: no %q in time", p.name, what)
		}
	}
}

// tell gives the process a command.
func (p *process) tell(command string) {
	p.t.Helper()
	if _, err := io.WriteString(p.stdin, command+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

// play runs a role until the input ends.
func play(assignment string) {
	role, config, _ := strings.Cut(assignment, ":")
	say := json.NewEncoder(os.Stdout)
	commands := make(chan string)
	go func() {
		defer close(commands)
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			commands <- lines.Text()
		}
	}()
	roles := map[string]func(config string, commands <-chan string, say func(event)) error{
		"server": playServer, "client": playClient, "slow link": playSlowLink, "plain frames": playPlainFrames,
	}
	if err := roles[role](config, commands, func(e event) { _ = say.Encode(e) }); err != nil {
		_ = say.Encode(event{What: "failed", Detail: err.Error()})
		for range commands { // the test reads what failed, then lets go
		}
	}
}
