package doctor

import "fmt"

// Level is how bad a finding is.
type Level int

// The levels. Only a Failure means that something will not work.
const (
	Fine Level = iota
	Unknown
	Warning
	Failure
)

// String is the level as it is printed in front of a finding.
func (l Level) String() string {
	return [...]string{"ok", "??", "warning", "FAILED"}[l]
}

// Finding is one thing that was looked at.
type Finding struct {
	Subject string // e.g. "UDP port"
	Level   Level
	Says    string // what is the case
	Do      string // what to do about it; empty where there is nothing to do
}

// report collects findings.
type report struct {
	tell func(Finding)
	bad  bool
}

func (r *report) add(f Finding) {
	r.bad = r.bad || f.Level == Failure
	r.tell(f)
}

func (r *report) fine(subject, says string, args ...any) {
	r.add(Finding{Subject: subject, Says: fmt.Sprintf(says, args...)})
}
