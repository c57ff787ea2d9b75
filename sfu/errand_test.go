package sfu

import (
	"sync/atomic"
	"testing"
)

func TestErrandIsDoneOnceMoreForWhatWasAskedMeanwhile(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	var done atomic.Int32
	e := newErrand(func() {
		began <- struct{}{}
		<-goOn
		done.Add(1)
	})
	e.ask()
	<-began
	e.ask() // both of these while it is under way
	e.ask()
	goOn <- struct{}{}
	<-began
	goOn <- struct{}{}
	e.close()
	if n := done.Load(); n != 2 {
		t.Errorf("done %d times, want 2", n)
	}
	e.ask()
	e.close()
	if n := done.Load(); n != 2 {
		t.Error("done after it was closed")
	}
}

func TestErrandClosesAfterWhatWasAsked(t *testing.T) {
	t.Parallel()
	for range 100 {
		var done atomic.Int32
		e := newErrand(func() { done.Add(1) })
		e.ask()
		e.close()
		if n := done.Load(); n != 1 {
			t.Fatalf("done %d times before close returned, want 1", n)
		}
	}
}
