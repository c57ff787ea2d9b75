package chat

import (
	"strings"
	"testing"
)

func TestRecordComplains(t *testing.T) {
	t.Parallel()
	const base = 10
	for _, c := range []struct {
		name                           string
		events, acks                   []int64
		duplicates, disorders, missing int64
	}{
		{name: "all in order", events: []int64{11, 12, 13}},
		{name: "one's own by ack and event", events: []int64{11, 12, 13}, acks: []int64{12}},
		{name: "one's own by ack only", events: []int64{11, 13}, acks: []int64{12}},
		{name: "a gap", events: []int64{11, 13}, missing: 1},
		{name: "the last is missing", events: []int64{11, 12}, missing: 1},
		{name: "the first is missing", events: []int64{12, 13}, missing: 1},
		{name: "twice", events: []int64{11, 12, 12, 13}, duplicates: 1},
		{name: "acknowledged twice", events: []int64{11, 12, 13}, acks: []int64{12, 12}, duplicates: 1},
		{name: "swapped", events: []int64{12, 11, 13}, disorders: 1},
		{name: "nothing at all", missing: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &problems{}
			r := record{base: base, last: base}
			for _, seq := range c.acks {
				r.ack(seq, p)
			}
			for _, seq := range c.events {
				r.event(seq, p)
			}
			if n := r.missing(base + 3); n != c.missing || p.duplicates != c.duplicates || p.disorders != c.disorders {
				t.Errorf("%d missing, %d duplicates, %d out of order; want %d, %d, %d",
					n, p.duplicates, p.disorders, c.missing, c.duplicates, c.disorders)
			}
		})
	}
}

func TestLedgerComplains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		seen  []message
		wrong string // part of the complaint; empty for none
	}{
		{"two members agree", []message{{ID: "a", Seq: 6}, {ID: "b", Seq: 7}, {ID: "a", Seq: 6}}, ""},
		{"two members differ", []message{{ID: "a", Seq: 6}, {ID: "b", Seq: 6}}, "seq 6 is one message"},
		{"more than was sent", []message{{ID: "c", Seq: 8}}, "seq 8, where 6 to 7"},
		{"from before", []message{{ID: "z", Seq: 5}}, "seq 5, where 6 to 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &problems{}
			l := &ledger{problems: p}
			l.start(5)
			l.sending()
			l.sending()
			for i := range c.seen {
				l.agree(&c.seen[i])
			}
			switch told := strings.Join(p.texts, "; "); {
			case c.wrong == "" && told != "", !strings.Contains(told, c.wrong):
				t.Errorf("told %q, want %q", told, c.wrong)
			}
		})
	}
}

func TestStampIsReadBack(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, 7, maxSends} {
		s := stamp(n, MinSize)
		if got, ok := stamped(s); !ok || got != n || len(s) != MinSize {
			t.Errorf("%d became %q, read as %d", n, s, got)
		}
	}
	for _, s := range []string{"", "hello", "bench", "bench x"} {
		if n, ok := stamped(s); ok {
			t.Errorf("%q was read as %d", s, n)
		}
	}
}
