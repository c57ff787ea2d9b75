package chat

import (
	"fmt"
	"sync"
)

// ledger is what is known of one chat by all connections together.
type ledger struct {
	id       string
	problems *problems

	mu       sync.Mutex
	base     int64    // seq before the first send
	started  bool     // base is known
	expected int64    // messages sent and not refused
	ids      []string // of the message at seq base+1+i; empty while unknown
}

// start notes where the chat stood. All connections find the same, since nothing was sent before the last one opened.
func (l *ledger) start(base int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started && base != l.base {
		l.problems.add("a quiet chat stood at %d for one member and at %d for another", l.base, base)
	}
	l.base, l.started = base, true
}

func (l *ledger) sending() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expected++
}

func (l *ledger) refused() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expected--
}

// top is the seq that the last message has when none was lost or doubled.
func (l *ledger) top() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.base + l.expected
}

// agree checks that everybody sees the same message at a seq.
func (l *ledger) agree(m *message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := m.Seq - l.base - 1
	if i < 0 || i >= l.expected {
		l.problems.add("seq %d, where %d to %d were sent", m.Seq, l.base+1, l.base+l.expected)
		return
	}
	for int64(len(l.ids)) <= i {
		l.ids = append(l.ids, "")
	}
	switch l.ids[i] {
	case "":
		l.ids[i] = m.ID
	case m.ID:
	default:
		l.problems.add("seq %d is one message for one member and another for another", m.Seq)
	}
}

// record is what one connection has seen of its chat. The sender of a message may learn of it by the ack, the event, or
// both; others by the event.
type record struct {
	base, last int64 // last: seq of the latest event
	got        []seenAs
}

type seenAs uint8

const (
	byEvent seenAs = 1 << iota
	byAck
)

// mark notes a sight and tells whether it was the first of its kind. Seqs were bounded by ledger.agree's complaint; ones
// far outside are not kept.
func (r *record) mark(seq int64, as seenAs) bool {
	i := seq - r.base - 1
	if i < 0 || i >= maxSends {
		return true
	}
	for int64(len(r.got)) <= i {
		r.got = append(r.got, 0)
	}
	first := r.got[i]&as == 0
	r.got[i] |= as
	return first
}

func (r *record) ack(seq int64, p *problems) {
	if !r.mark(seq, byAck) {
		p.duplicate("seq %d was acknowledged twice", seq)
	}
}

func (r *record) event(seq int64, p *problems) {
	if !r.mark(seq, byEvent) {
		p.duplicate("seq %d came twice", seq)
		return
	}
	if seq < r.last {
		p.disorder("seq %d came after %d", seq, r.last)
	}
	r.last = max(r.last, seq)
}

// missing counts what never came, up to and including seq top.
func (r *record) missing(top int64) (n int64) {
	for i := range top - r.base {
		if i >= int64(len(r.got)) || r.got[i] == 0 {
			n++
		}
	}
	return n
}

// problems collects broken invariants. It is safe for concurrent use.
type problems struct {
	mu         sync.Mutex
	texts      []string // the first maxProblems
	count      int64
	duplicates int64
	disorders  int64
}

func (p *problems) add(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if len(p.texts) < maxProblems {
		p.texts = append(p.texts, fmt.Sprintf(format, args...))
	}
}

func (p *problems) duplicate(format string, args ...any) {
	p.mu.Lock()
	p.duplicates++
	p.mu.Unlock()
	p.add(format, args...)
}

func (p *problems) disorder(format string, args ...any) {
	p.mu.Lock()
	p.disorders++
	p.mu.Unlock()
	p.add(format, args...)
}
