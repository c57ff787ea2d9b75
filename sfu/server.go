package sfu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/pion/webrtc/v4"
)

// Config is what a Server needs. Only Transport is required.
type Config struct {
	Transport Transport
	Log       *slog.Logger // default: discards
	// Loopback offers loopback candidates too: for tests, and for a browser on the same machine.
	Loopback bool
	MaxRooms int // default 10,000
	MaxLegs  int // per room, default 1,000
}

// Server makes rooms that share one transport. Its methods may be called by several goroutines.
type Server struct {
	cfg         Config
	log         *slog.Logger
	certificate webrtc.Certificate // one for all legs: making a key for each costs more than its handshake
	media       *webrtc.MediaEngine
	batch       BatchWriter // nil if the transport sends packet by packet
	counters    counters
	crew        *crew
	pulse       *pulse

	mu     sync.Mutex // owns the fields below
	rooms  map[*Room]struct{}
	closed bool
}

// counters are what Totals reports, updated from all packet paths.
type counters struct {
	packetsIn, bytesIn, packetsOut, bytesOut    atomic.Uint64
	malformed, retransmitted, nacksIn, nacksOut atomic.Uint64
	plisIn, plisOut, sendErrors, panics         atomic.Uint64
	padding                                     atomic.Uint64
	directLegs                                  atomic.Int64
}

// New makes a Server. It fails if the configuration makes no sense.
func New(cfg Config) (*Server, error) {
	if cfg.Transport == nil {
		return nil, errors.New("sfu: Config.Transport is missing")
	}
	if cfg.MaxRooms <= 0 {
		cfg.MaxRooms = 10_000
	}
	if cfg.MaxLegs <= 0 {
		cfg.MaxLegs = 1_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("sfu: make DTLS key: %w", err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("sfu: make DTLS certificate: %w", err)
	}
	media, err := newMediaEngine()
	if err != nil {
		return nil, fmt.Errorf("sfu: list the codecs: %w", err)
	}
	s := &Server{
		cfg: cfg, log: cfg.Log, certificate: *certificate, media: media, rooms: map[*Room]struct{}{}, crew: newCrew(),
	}
	s.batch, _ = cfg.Transport.(BatchWriter)
	s.pulse = newPulse(s)
	return s, nil
}

// NewRoom makes an empty room. It lives until Room.Close. The handler may be nil. Errors: ErrClosed, ErrFull.
func (s *Server) NewRoom(h RoomHandler) (*Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if len(s.rooms) >= s.cfg.MaxRooms {
		return nil, fmt.Errorf("%w: %d rooms", ErrFull, len(s.rooms))
	}
	r := newRoom(s, h)
	s.rooms[r] = struct{}{}
	if len(s.rooms) == 1 {
		s.pulse.wake()
	}
	return r, nil
}

func (s *Server) forget(r *Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rooms, r)
}

// Totals returns the server's counters.
func (s *Server) Totals() Totals {
	c := &s.counters
	t := Totals{
		PacketsIn: c.packetsIn.Load(), BytesIn: c.bytesIn.Load(),
		PacketsOut: c.packetsOut.Load(), BytesOut: c.bytesOut.Load(),
		Malformed: c.malformed.Load(), Retransmitted: c.retransmitted.Load(),
		NACKsIn: c.nacksIn.Load(), NACKsOut: c.nacksOut.Load(),
		Padding: c.padding.Load(),
		PLIsIn:  c.plisIn.Load(), PLIsOut: c.plisOut.Load(),
		SendErrors: c.sendErrors.Load(), Panics: c.panics.Load(),
		DirectLegs: int(c.directLegs.Load()),
	}
	for _, r := range s.openRooms() {
		t.Rooms++
		t.Legs += r.size()
	}
	return t
}

func (s *Server) openRooms() []*Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := make([]*Room, 0, len(s.rooms))
	for r := range s.rooms {
		rooms = append(rooms, r)
	}
	return rooms
}

// Close closes all rooms and waits until nothing of them is left. It is idempotent.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	var wait sync.WaitGroup
	for _, r := range s.openRooms() {
		wait.Go(func() { r.close() })
	}
	wait.Wait()
	if first {
		s.pulse.close()
		s.crew.close()
	}
	<-s.pulse.done
	s.crew.done.Wait()
	return nil
}
