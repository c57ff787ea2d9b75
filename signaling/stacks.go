package signaling

import (
	"sync"
	"sync/atomic"
)

// spareStacks is how many goroutines may wait for the next call with the stack that the last one grew: enough for what a
// busy server has under way at once, and a megabyte or two at the most.
const spareStacks = 64

// stacks runs functions on goroutines that it keeps for the next. A query or a JSON document needs a deep stack: the
// goroutine of a socket would keep one for as long as that lives, which is thousands of idle ones, and a new goroutine for
// each call would grow it again each time, copy by copy.
type stacks struct {
	calls   chan deepCall
	spare   atomic.Int32 // goroutines that wait
	closing chan struct{}
	once    sync.Once
}

// deepCall is a function to be run; done is closed when it has returned.
type deepCall struct {
	fn   func()
	done chan struct{}
}

func newStacks() *stacks { return &stacks{calls: make(chan deepCall), closing: make(chan struct{})} }

// run runs fn, which must not panic, and waits for it.
func (s *stacks) run(fn func()) {
	c := deepCall{fn, make(chan struct{})}
	select {
	case s.calls <- c:
	default:
		go s.serve(c)
	}
	<-c.done
}

// serve runs one call after the other, until enough others wait for the next.
func (s *stacks) serve(c deepCall) {
	for {
		c.fn()
		close(c.done)
		if s.spare.Add(1) > spareStacks {
			s.spare.Add(-1)
			return
		}
		select {
		case c = <-s.calls:
		case <-s.closing:
			return
		}
		s.spare.Add(-1)
	}
}

// close has the goroutines that wait return. What is run afterwards is run, and its goroutine not kept.
func (s *stacks) close() { s.once.Do(func() { close(s.closing) }) }
