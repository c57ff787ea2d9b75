// Package limit keeps anybody from asking for too much: token buckets by kind of request and by who asks.
//
// A bucket is one time value (the generic cell rate algorithm, ITU-T I.371, annex A): the moment at which it will be
// full again. A bucket that is full is worth nothing to remember, and the table of each kind is bounded, so memory is
// bounded whoever asks. A Limiter is safe for concurrent use; each kind's table is guarded by its own mutex.
package limit

import (
	"sync"
	"time"
)

// The kinds of request, each with what its key is. They are plain strings so that whoever only wants to ask can declare
// a small interface without importing this package.
const (
	Register     = "register"      // by address
	Login        = "login"         // by address
	LoginAccount = "login-account" // by what was typed as login, folded
	Refresh      = "refresh"       // by address
	Password     = "password"      // by user: requests that want the password again
	Code         = "code"          // by user: codes of the second factor
	Request      = "request"       // by user: all REST requests together
	Network      = "network"       // by address: all REST requests together, of whoever is there
	Send         = "send"          // by user: messages, by REST and socket
	Change       = "change"        // by user: edits, reactions, chats and members
	Search       = "search"        // by user
	Upload       = "upload"        // by user
	Export       = "export"        // by session: downloads of all of one's data
	Receipt      = "receipt"       // by user
	Typing       = "typing"        // by user
	Call         = "call"          // by user: starting, joining, renegotiating
	Check        = "check"         // by user: legs of checks of one's connection
	Signal       = "signal"        // by user: pings, ICE candidates, views, mutes
	Connect      = "connect"       // by address: sockets being opened
	Join         = "join"          // by user: looking at invitations and accepting them

	// By address, what all accounts behind it do together: see ByNetwork.
	SendNetwork   = "send-network"
	SearchNetwork = "search-network"
	UploadNetwork = "upload-network"
	JoinNetwork   = "join-network"
)

// ByNetwork names the kind by address that bounds a kind by user as well, so that many accounts do not get many times as
// much; "" where there is none.
func ByNetwork(kind string) string {
	switch kind {
	case Send:
		return SendNetwork
	case Search:
		return SearchNetwork
	case Upload:
		return UploadNetwork
	case Join:
		return JoinNetwork
	}
	return ""
}

// rate is a bucket's size and how fast it fills.
type rate struct {
	burst     float64 // requests at once
	perSecond float64
}

// rates is the whole table of limits at scale 1. CONFAB_RATE_LIMIT_SCALE multiplies both columns.
//
// What people do stays far below: they type, click, and open a handful of chats at once, and an office or a family
// shares one address. What is bounded is guessing passwords, filling the database and using up the processor.
func rates() map[string]rate {
	return map[string]rate{
		Register:     {burst: 60, perSecond: 1.0 / 10},
		Login:        {burst: 100, perSecond: 1},
		LoginAccount: {burst: 20, perSecond: 1.0 / 10},
		Refresh:      {burst: 200, perSecond: 5},
		Password:     {burst: 10, perSecond: 1.0 / 30},
		Code:         {burst: 10, perSecond: 1.0 / 120},
		Request:      {burst: 600, perSecond: 100},
		Network:      {burst: 6000, perSecond: 1000},
		Send:         {burst: 300, perSecond: 30},
		Change:       {burst: 200, perSecond: 20},
		Search:       {burst: 40, perSecond: 5},
		Upload:       {burst: 60, perSecond: 1},
		Export:       {burst: 5, perSecond: 1.0 / 120},
		Receipt:      {burst: 600, perSecond: 60},
		Typing:       {burst: 30, perSecond: 3},
		Call:         {burst: 60, perSecond: 3},
		Check:        {burst: 40, perSecond: 1.0 / 5},
		Signal:       {burst: 400, perSecond: 40},
		Connect:      {burst: 600, perSecond: 20},
		Join:         {burst: 30, perSecond: 1.0 / 2},

		SendNetwork:   {burst: 3000, perSecond: 300},
		SearchNetwork: {burst: 400, perSecond: 50},
		UploadNetwork: {burst: 600, perSecond: 10},
		JoinNetwork:   {burst: 200, perSecond: 5},
	}
}

// maxKeys bounds each half of a kind's table: some 6 MB at the most, and more callers than one server has in the
// minutes that a bucket takes to fill.
const maxKeys = 1 << 15

// Limiter holds the buckets.
type Limiter struct {
	now    func() time.Time
	tables map[string]*table // never changed after NewAt
}

// table is the buckets of one kind. When the newer half is full, the older half is dropped: its callers have been
// quiet for long, or are so many that no memory would do.
type table struct {
	interval time.Duration // between two requests at the steady rate
	slack    time.Duration // how far ahead of it a burst may run

	mu           sync.Mutex
	newer, older map[string]time.Time
}

// New makes a Limiter whose limits are multiplied by scale, which must be above 0.
func New(scale float64) *Limiter { return NewAt(scale, time.Now) }

// NewAt is New with a clock.
func NewAt(scale float64, now func() time.Time) *Limiter {
	l := &Limiter{now: now, tables: map[string]*table{}}
	for kind, r := range rates() {
		interval := time.Duration(float64(time.Second) / (r.perSecond * scale))
		interval = max(interval, time.Nanosecond)
		burst := max(r.burst*scale, 1)
		l.tables[kind] = &table{
			interval: interval, slack: max(interval, time.Duration(min(burst*float64(interval), float64(24*time.Hour)))),
			newer: map[string]time.Time{}, older: map[string]time.Time{},
		}
	}
	return l
}

// Allow takes a token from the bucket. When there is none it tells after what time there will be one. It panics for a
// kind that is not in the table, which is a misspelt constant.
func (l *Limiter) Allow(kind, key string) (ok bool, retryAfter time.Duration) {
	t, ok := l.tables[kind]
	if !ok {
		panic("limit: no such kind: " + kind)
	}
	now := l.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	full, known := t.newer[key]
	if !known {
		full = t.older[key]
	}
	if full.Before(now) {
		full = now
	}
	full = full.Add(t.interval)
	if ahead := full.Sub(now); ahead > t.slack {
		return false, ahead - t.slack
	}
	if len(t.newer) >= maxKeys && !known {
		t.older, t.newer = t.newer, map[string]time.Time{}
	}
	t.newer[key] = full
	return true, 0
}
