package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"confab/sfu/wire"
)

// patience is how long one question to a server may take.
const patience = 10 * time.Second

// Remote looks at a server under its URL as a client would, from where it runs, and tells whether nothing has failed.
func Remote(ctx context.Context, address string, tell func(Finding)) bool {
	r := &report{tell: tell}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		r.add(Finding{"URL", Failure, fmt.Sprintf("%q is no address of a server", address), "Give it as https://chat.example.org."})
		return false
	}
	number := u.Port()
	if number == "" {
		number = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	hostPort := net.JoinHostPort(u.Hostname(), number)
	if u.Scheme == "https" {
		remoteTLS(ctx, r, hostPort, u.Hostname())
	}
	ahead, err := ready(ctx, u.Scheme+"://"+u.Host, u.Hostname())
	if err != nil {
		r.add(Finding{"TCP port", Failure, err.Error(), "Open or forward the port in TCP; behind a reverse proxy, let it pass everything on."})
	} else {
		r.fine("TCP port", "Confab answers at %s and is ready", address)
		remoteClock(r, ahead)
	}
	remoteStream(ctx, r, "calls over TCP", hostPort, nil)
	if u.Scheme == "https" {
		remoteStream(ctx, r, "calls over TLS", hostPort, &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true}) // trust was examined
	}
	examineSTUN(ctx, r, Failure, "UDP port", hostPort, "Open or forward the same port number in UDP. Calls work over TCP without it, but worse.")
	return !r.bad
}

// remoteClock compares the clocks of the two machines.
func remoteClock(r *report, ahead time.Duration) {
	// The server tells whole seconds, and the answer was under way for a moment.
	if ahead.Abs() > clockTolerance+2*time.Second {
		r.add(Finding{"clock", Warning, fmt.Sprintf("this machine's clock and the server's differ by %s", ahead.Abs().Round(time.Second)),
			"Let both be set from the network: timedatectl set-ntp true."})
		return
	}
	r.fine("clock", "this machine's and the server's agree")
}

// remoteTLS checks the certificate with the trust of this machine.
func remoteTLS(ctx context.Context, r *report, hostPort, name string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := (&tls.Dialer{Config: &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", hostPort)
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted) && selfSigned(untrusted.UnverifiedCertificates[0]):
		sum := sha256.Sum256(untrusted.UnverifiedCertificates[0].Raw)
		r.add(Finding{"TLS", Warning, fmt.Sprintf("the server signed its certificate itself; its SHA-256 fingerprint is %X", sum),
			"Browsers warn of it until it is accepted; compare the fingerprint with that in the server's log first. Outside of a LAN, use CONFAB_DOMAIN instead."})
		return
	case errors.As(err, &untrusted):
		r.add(Finding{"TLS", Failure, "browsers will not trust the certificate: " + untrusted.Err.Error(), "Use a certificate for this name that a known authority has signed, e.g. with CONFAB_DOMAIN."})
		return
	case err != nil:
		r.add(Finding{"TLS", Failure, err.Error(), "Is TLS on there, and does the certificate exist yet? The server's log tells."})
		return
	}
	defer conn.Close() // it was only looked at
	examineCertificate(r, conn.(*tls.Conn).ConnectionState().PeerCertificates[0], name, time.Now())
}

// selfSigned tells whether a certificate vouches for itself.
func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// remoteStream finds out whether STUN, and with it TURN over TCP or TLS, gets through on the TCP port: a reverse proxy may
// pass nothing but HTTP.
func remoteStream(ctx context.Context, r *report, subject, hostPort string, secure *tls.Config) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := func() error {
		dial := (&net.Dialer{}).DialContext
		if secure != nil {
			dial = (&tls.Dialer{Config: secure}).DialContext
		}
		conn, err := dial(ctx, "tcp", hostPort)
		if err != nil {
			return err
		}
		defer conn.Close() // it was only looked at
		deadline, _ := ctx.Deadline()
		_ = conn.SetDeadline(deadline)
		request := bindingRequest()
		if _, err := conn.Write(request); err != nil {
			return err
		}
		answer := make([]byte, len(request))
		if _, err := io.ReadFull(conn, answer); err != nil {
			return err
		}
		if string(answer[4:20]) != string(request[4:20]) {
			return errors.New("something else than STUN answers")
		}
		return nil
	}()
	if err != nil {
		r.add(Finding{subject, Warning, fmt.Sprintf("TURN does not get through: %v", err),
			"Where networks block UDP, calls need the TCP port to reach Confab itself, not through an HTTP proxy."})
		return
	}
	r.fine(subject, "TURN answers, for networks that block UDP")
}

// bindingRequest is a plain STUN request (RFC 8489, section 5).
func bindingRequest() []byte {
	b := binary.BigEndian.AppendUint32([]byte{0, 1, 0, 0}, 0x2112A442)
	id := make([]byte, 12)
	_, _ = rand.Read(id) // never fails
	return append(b, id...)
}

// mostAddresses is how many addresses of one name are tried.
const mostAddresses = 4

// examineSTUN asks a server by UDP for our address, at each address of its name. How bad it is if there is no answer is told
// by level.
func examineSTUN(ctx context.Context, r *report, level Level, subject, hostPort, advice string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	servers, err := resolve(ctx, hostPort)
	if err != nil {
		r.add(Finding{subject, level, fmt.Sprintf("%s cannot be asked: %v", hostPort, err), advice})
		return
	}
	for _, server := range servers[:min(len(servers), mostAddresses)] {
		seen, err := askSTUN(ctx, server)
		switch {
		case err == nil:
			r.fine(subject, "%s answers; it sees this machine as %s", server, seen.Addr())
		case errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL):
			r.add(Finding{subject, Unknown, fmt.Sprintf("%s cannot be tried from here: this machine has no way to such addresses", server), ""})
		case errors.Is(err, context.DeadlineExceeded):
			r.add(Finding{subject, level, fmt.Sprintf("no answer by UDP from %s", server), advice})
		default:
			r.add(Finding{subject, level, fmt.Sprintf("%s cannot be asked by UDP: %v", server, err), advice})
		}
	}
}

func askSTUN(ctx context.Context, server netip.AddrPort) (netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(ctx, patience/4) // five transmissions; those who answer at all do at the first
	defer cancel()
	port, err := wire.Listen(wire.Config{Listen: ":0"})
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer port.Close() // it was only asked through
	return port.Mapped(ctx, server)
}

// resolve finds the addresses of a server, IPv4 first: it is what everybody has.
func resolve(ctx context.Context, hostPort string) (servers []netip.AddrPort, err error) {
	host, service, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
	if err != nil {
		return nil, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if at := netip.AddrPortFrom(a.Unmap(), uint16(number)); !slices.Contains(servers, at) {
			servers = append(servers, at)
		}
	}
	slices.SortStableFunc(servers, func(a, b netip.AddrPort) int { return a.Addr().BitLen() - b.Addr().BitLen() })
	if host == "localhost" { // whether it has a second address that the server listens on says nothing
		servers = servers[:1]
	}
	return servers, nil
}

// ready asks a server for /readyz, whatever its certificate; name is whom it asks for in the TLS handshake. It tells how much
// this machine's clock is ahead of the server's.
func ready(ctx context.Context, base, name string) (ahead time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return 0, err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{ServerName: name, InsecureSkipVerify: true}, DisableKeepAlives: true} // trust is examined by itself
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close() // only read
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s says %s: %s", base, answer.Status, strings.TrimSpace(string(body)))
	}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		ahead = time.Since(date)
	}
	return ahead, nil
}
