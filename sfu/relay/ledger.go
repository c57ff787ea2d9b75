package relay

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// ledger knows who holds which allocation.
type ledger struct {
	cfg Config

	mu      sync.Mutex
	closed  bool                     // owned by mu
	conns   map[netip.AddrPort]*conn // all relay conns by relayed address; owned by mu
	clients map[clientKey]*conn      // by client, once it is known; owned by mu
	pending map[clientKey]string     // user of an allocation that pion/turn is about to make; owned by mu
	held    map[string]int           // allocations and pending ones by user; owned by mu
	revoked map[string]time.Time     // when a user was revoked; entries are kept for Config.TTL; owned by mu
	open    sync.WaitGroup           // one for each of conns; added to under mu, and not once closed
}

// clientKey tells clients apart: a UDP and a TCP client may have one address and port.
type clientKey struct{ network, address string }

func keyOf(client net.Addr) clientKey { return clientKey{client.Network(), client.String()} }

func newLedger(cfg Config) *ledger {
	return &ledger{
		cfg: cfg, conns: map[netip.AddrPort]*conn{}, clients: map[clientKey]*conn{}, pending: map[clientKey]string{},
		held: map[string]int{}, revoked: map[string]time.Time{},
	}
}

// admits tells whether a user name may be used by a client now. Credentials that have run out are good for the allocation
// that was made with them, for as long as an allocation may live, so that a call outlives them.
func (l *ledger) admits(userID, username string, expiry time.Time, client net.Addr) bool {
	now := l.cfg.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	// Credentials made before the revocation expire at most TTL after it.
	if at, ok := l.revoked[userID]; ok && !expiry.After(at.Add(l.cfg.TTL)) {
		return false
	}
	if now.Before(expiry) {
		return true
	}
	c := l.clients[keyOf(client)]
	return c != nil && c.username == username && now.Sub(c.made) < l.cfg.MaxLifetime
}

// reserve is asked by pion/turn before it makes an allocation: a turn.QuotaHandler.
func (l *ledger) reserve(username, _ string, client net.Addr) bool {
	_, userID, err := parseUsername(username)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.conns)+len(l.pending) >= l.cfg.MaxTotal || l.held[userID] >= l.cfg.MaxPerUser {
		return false
	}
	key := keyOf(client)
	if _, ok := l.pending[key]; ok {
		return false
	}
	l.pending[key] = userID
	l.held[userID]++
	return true
}

// failed is told by pion/turn of everything that a client did wrong, among it allocations that were not made after all.
func (l *ledger) failed(client, _ net.Addr, _, _ string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := keyOf(client)
	if userID, ok := l.pending[key]; ok {
		delete(l.pending, key)
		l.release(userID)
	}
}

// add enters a relay conn that pion/turn has asked for. Whose it is comes with created.
func (l *ledger) add(c *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.conns[c.relayed] = c
	l.open.Add(1)
	return true
}

// created is told by pion/turn that an allocation was made.
func (l *ledger) created(client, _ net.Addr, _, username, _ string, relayed net.Addr, _ int) {
	udp, ok := relayed.(*net.UDPAddr)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := keyOf(client)
	userID := l.pending[key]
	delete(l.pending, key)
	c := l.conns[netip.AddrPortFrom(udp.AddrPort().Addr().Unmap(), udp.AddrPort().Port())]
	if c == nil { // closed already
		l.release(userID)
		return
	}
	c.userID, c.username, c.client, c.made = userID, username, key, l.cfg.Now()
	l.clients[key] = c
}

// remove strikes out a relay conn that was closed.
func (l *ledger) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns[c.relayed] != c {
		return
	}
	delete(l.conns, c.relayed)
	l.open.Done()
	if c.userID == "" {
		return
	}
	l.release(c.userID)
	if l.clients[c.client] == c {
		delete(l.clients, c.client)
	}
}

// release gives back one of a user's places. The caller holds mu.
func (l *ledger) release(userID string) {
	if l.held[userID]--; l.held[userID] <= 0 {
		delete(l.held, userID)
	}
}

// revoke closes the conns of a user; pion/turn then ends the allocations.
func (l *ledger) revoke(userID string) {
	now := l.cfg.Now()
	l.mu.Lock()
	for id, at := range l.revoked { // bounded by the revocations within one TTL
		if now.Sub(at) > l.cfg.TTL {
			delete(l.revoked, id)
		}
	}
	l.revoked[userID] = now
	var theirs []*conn
	for _, c := range l.conns {
		if c.userID == userID {
			theirs = append(theirs, c)
		}
	}
	l.mu.Unlock()
	for _, c := range theirs {
		_ = c.Close()
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// holds tells whether a client has an allocation.
func (l *ledger) holds(client net.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clients[keyOf(client)] != nil
}

// close closes all conns, lets no new ones in, and waits.
func (l *ledger) close() {
	l.mu.Lock()
	l.closed = true
	all := make([]*conn, 0, len(l.conns))
	for _, c := range l.conns {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
	l.open.Wait()
}
