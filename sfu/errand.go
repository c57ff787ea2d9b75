package sfu

import "sync"

// errand is work that is done when somebody asks for it: in a goroutine of its own, never by two at once, and once more for
// whatever was asked meanwhile. The goroutine ends when nothing is asked for, so that a leg at rest has no stack for it: what
// legs do now and then goes deep, and some hundred of them keep what they needed once.
type errand struct {
	do func() // it does not panic

	mu      sync.Mutex // owns the fields below
	asked   bool
	running bool
	closed  bool
	idle    *sync.Cond // signalled when running turns false
}

func newErrand(do func()) *errand {
	e := &errand{do: do}
	e.idle = sync.NewCond(&e.mu)
	return e
}

// ask has the work done soon. It does not wait, and does nothing once the errand is closed.
func (e *errand) ask() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.asked = true
	if !e.running {
		e.running = true
		go e.run()
	}
}

func (e *errand) run() {
	for e.more() {
		e.do()
	}
}

// more takes what was asked for, or ends the goroutine.
func (e *errand) more() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running = e.asked
	e.asked = false
	if !e.running {
		e.idle.Broadcast()
	}
	return e.running
}

// close does what was asked for before, and waits for it. Nothing is done afterwards.
func (e *errand) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for e.running {
		e.idle.Wait()
	}
}
