package sfu

import (
	"runtime"
	"time"
)

// pulsePeriod is how often legs look after what no packet triggers (reports, repeated requests, silence) and rooms look who
// is speaking.
const pulsePeriod = 100 * time.Millisecond

// listenerBeats is how many beats of the pulse pass between two ticks of a leg that only listens: nothing that is looked after
// there is due more often than every second, and each tick has to fetch the leg from memory. Large audiences are spread over them.
const listenerBeats = 5

// pulse is the one ticker of a server. With a ticker for each leg, a server with some hundred legs was woken some thousand
// times a second, and waking an idle process costs far more than a tick: a switch of threads, and a millisecond of the Go
// scheduler's looking around for more. It is one goroutine for all legs, so that media never queues behind hundreds of them.
// Without rooms it rests.
type pulse struct {
	rooms      chan struct{} // capacity 1: there may be rooms again
	stop, done chan struct{}
}

func newPulse(s *Server) *pulse {
	p := &pulse{rooms: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go p.run(s)
	return p
}

func (p *pulse) run(s *Server) {
	defer close(p.done)
	ticker := time.NewTicker(pulsePeriod)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-p.rooms:
			ticker.Reset(pulsePeriod)
		case now := <-ticker.C:
			rooms := s.openRooms()
			if len(rooms) == 0 {
				ticker.Stop()
			}
			for _, r := range rooms {
				r.pulsed(now)
			}
		}
	}
}

// wake tells that there is a first room.
func (p *pulse) wake() {
	select {
	case p.rooms <- struct{}{}:
	default:
	}
}

func (p *pulse) close() { close(p.stop) }

// pulsed ticks the room and its legs. A room whose goroutine is busy has this beat after that, or the next.
func (r *Room) pulsed(now time.Time) {
	select {
	case r.beat <- now:
	default:
	}
	for _, l := range r.members() {
		if (l.joined+r.beats)%listenerBeats == 0 || !l.listens() {
			l.tick(now)
			runtime.Gosched() // packets first: a tick can wait, and those of a large room are milliseconds
		}
	}
	r.beats++
}
