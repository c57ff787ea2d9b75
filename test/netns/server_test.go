package netns

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"confab/internal/outside"
	"confab/internal/tlsport"
	"confab/sfu"
	"confab/sfu/relay"
	"confab/sfu/wire"
)

const turnSecret = "a secret of the tests"

// serverConfig is how a server of the lab is set up, much as people set up Confab.
type serverConfig struct {
	Listen     string
	PublicIPs  []netip.Addr
	PublicPort uint16
	STUN       []string
	MapPort    bool
	Every      time.Duration // between looks at the way from outside; 0 for the usual time
	TLS        bool
}

// playServer runs the media side of a server: the port, TURN, and a room that one joins by POSTing an offer.
func playServer(text string, commands <-chan string, say func(event)) error {
	var cfg serverConfig
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ports := wire.Config{Listen: cfg.Listen, Log: log}
	if cfg.TLS {
		dir, err := os.MkdirTemp("", "confab-netns-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir) // a test
		certificates, err := tlsport.Open(tlsport.Config{SelfSigned: true, Dir: filepath.Join(dir, "tls"), Log: log})
		if err != nil {
			return err
		}
		defer certificates.Close()
		ports.TLS = certificates.Config()
	}
	port, err := wire.Listen(ports)
	if err != nil {
		return err
	}
	defer port.Close() // a test
	ways := outside.Keep(context.Background(), outside.Config{
		Addresses: cfg.PublicIPs, ExternalPort: cfg.PublicPort, STUN: cfg.STUN, MapPort: cfg.MapPort, Every: cfg.Every, Log: log,
	}, port)
	defer ways.Close()
	turn, err := relay.New(relay.Config{Secret: []byte(turnSecret), Log: log}, port)
	if err != nil {
		return err
	}
	defer turn.Close() // a test
	media, err := sfu.New(sfu.Config{Transport: port, Log: log})
	if err != nil {
		return err
	}
	defer media.Close() // a test
	room, err := media.NewRoom(quiet{})
	if err != nil {
		return err
	}
	door := &http.Server{Handler: &door{room: room, legs: map[string]*sfu.Leg{}}, ReadHeaderTimeout: time.Minute}
	defer door.Close() // a test
	go func() { _ = door.Serve(port.HTTP()) }()
	known := func() event {
		e, now := event{What: "ready"}, ways.Status()
		if len(now.Addresses) > 0 {
			e.Detail = strings.TrimSpace(now.Mapping + " " + netip.AddrPortFrom(now.Addresses[0], now.Port).String())
		}
		return e
	}
	say(known())
	for range commands { // any is a question what is known now
		say(known())
	}
	return nil
}

// door lets clients into the room: POST /?leg=name with an offer is answered with the answer.
type door struct {
	room *sfu.Room
	mu   sync.Mutex
	legs map[string]*sfu.Leg // owned by mu
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	offer, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	name := r.URL.Query().Get("leg")
	d.mu.Lock()
	leg := d.legs[name]
	if leg == nil {
		if leg, err = d.room.Join(name, quiet{}); err == nil {
			d.legs[name] = leg
		}
	}
	d.mu.Unlock()
	var answer string
	if err == nil {
		answer, err = leg.Offer(r.Context(), string(offer), nil)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, answer)
}

// quiet is a handler that does not mind what it is told.
type quiet struct{}

func (quiet) Slots([]sfu.Slot, sfu.Wanted) {}
func (quiet) Tracks([]sfu.Track)           {}
func (quiet) Layers(string, []string)      {}
func (quiet) Codecs(string, []string)      {}
func (quiet) Connection(sfu.State)         {}
func (quiet) Closed(error)                 {}
func (quiet) Speakers([]sfu.Speaker)       {}
