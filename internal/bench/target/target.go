// Package target is a running Confab server as load tools see it: accounts and groups made over REST, sockets, and, for
// a server on this machine, what its process has used.
//
// A Server and a Person may be used by several goroutines. A Socket has one reader and any number of writers. Nothing
// here retries: a refusal under load is a finding, not something to hide.
package target

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// patience bounds one REST request and one handshake. A busy machine is slow, but not that slow.
const patience = 60 * time.Second

// maxAnswer bounds what is read of an answer: a chat of 500 members is some 200 KB.
const maxAnswer = 4 << 20

// Server is where the load goes.
type Server struct {
	base  *url.URL
	local bool // on a loopback address
	http  *http.Client
}

// ErrRemote refuses a server that is not on this machine: load that was meant for one's own must not hit another's.
var ErrRemote = errors.New("not a loopback address; --allow-remote if that server is yours to load")

// Open prepares to load the server at rawURL (http or https). Unless allowRemote is set, its host must be a loopback
// address, or a name that has no other addresses; else the error is ErrRemote.
func Open(ctx context.Context, rawURL string, allowRemote bool) (*Server, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q: want http://host:port", rawURL)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u.Hostname(), err)
	}
	local := true
	for _, a := range addrs {
		local = local && a.Unmap().IsLoopback()
	}
	if !local && !allowRemote {
		return nil, fmt.Errorf("%s: %w", u.Host, ErrRemote)
	}
	return &Server{
		base: &url.URL{Scheme: u.Scheme, Host: u.Host}, local: local,
		http: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: setUpAtOnce}},
	}, nil
}

// Local tells whether the server is on a loopback address.
func (s *Server) Local() bool { return s.local }

// Close drops idle connections.
func (s *Server) Close() { s.http.CloseIdleConnections() }

// Refusal is an answer other than success.
type Refusal struct {
	Status int
	Code   string // the server's stable word
	Detail string
}

// Error tells what was refused and, for rate limits, what to do about it.
func (r *Refusal) Error() string {
	hint := ""
	if r.Status == http.StatusTooManyRequests {
		hint = "; start the server with CONFAB_RATE_LIMIT_SCALE=1000000"
	}
	return fmt.Sprintf("%d %s: %s%s", r.Status, r.Code, r.Detail, hint)
}

// call makes one REST request. in and out may be nil.
func (s *Server) call(ctx context.Context, method, path, token string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base.String()+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() // it was read to its end
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		problem := struct{ Code, Detail string }{}
		_ = json.Unmarshal(answer, &problem) // a proxy may answer with something else; the status tells enough
		return fmt.Errorf("%s %s: %w", method, path, &Refusal{res.StatusCode, problem.Code, problem.Detail})
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// source spreads many sockets toward a loopback server over several loopback addresses: the server bounds what one
// address may hold open, and one address has no more than some 28,000 ports.
func (s *Server) source(n int) net.Addr {
	const perAddress = 4000
	if host, err := netip.ParseAddr(s.base.Hostname()); err != nil || !host.Is4() || !host.IsLoopback() {
		return nil
	}
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+n/perAddress%250))}
}
