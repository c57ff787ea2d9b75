package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
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
	if err := ready(ctx, u.Scheme+"://"+u.Host, trustAll()); err != nil {
		r.add(Finding{"TCP port", Failure, err.Error(), "Open or forward the port in TCP; behind a reverse proxy, let it pass everything on."})
	} else {
		r.fine("TCP port", "Confab answers at %s and is ready", address)
	}
	remoteStream(ctx, r, hostPort)
	examineSTUN(ctx, r, "UDP port", hostPort, "Open or forward the same port number in UDP. Calls work over TCP without it, but worse.")
	return !r.bad
}

// remoteTLS checks the certificate with the trust of this machine.
func remoteTLS(ctx context.Context, r *report, hostPort, name string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := (&tls.Dialer{Config: &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", hostPort)
	var untrusted *tls.CertificateVerificationError
	switch {
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

// remoteStream finds out whether STUN, and with it TURN over TCP, gets through on the TCP port: a reverse proxy may pass
// nothing but HTTP.
func remoteStream(ctx context.Context, r *report, hostPort string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := func() error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", hostPort)
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
			return fmt.Errorf("something else than STUN answers")
		}
		return nil
	}()
	if err != nil {
		r.add(Finding{"calls over TCP", Warning, fmt.Sprintf("media cannot fall back to TCP: %v", err),
			"Where networks block UDP, calls need the TCP port to reach Confab itself, not through an HTTP proxy."})
		return
	}
	r.fine("calls over TCP", "media can fall back to TCP where UDP is blocked")
}

// bindingRequest is a plain STUN request (RFC 8489, section 5).
func bindingRequest() []byte {
	b := binary.BigEndian.AppendUint32([]byte{0, 1, 0, 0}, 0x2112A442)
	id := make([]byte, 12)
	_, _ = rand.Read(id) // never fails
	return append(b, id...)
}

// examineSTUN asks a server by UDP for our address.
func examineSTUN(ctx context.Context, r *report, subject, hostPort, advice string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	server, err := resolve(ctx, hostPort)
	if err == nil {
		var port *wire.Mux
		if port, err = wire.Listen(wire.Config{Listen: ":0"}); err == nil {
			defer port.Close() // it was only asked through
			var seen netip.AddrPort
			if seen, err = port.Mapped(ctx, server); err == nil {
				r.fine(subject, "%s answers; it sees this machine as %s", server, seen.Addr())
				return
			}
		}
	}
	r.add(Finding{subject, Failure, fmt.Sprintf("no answer by UDP from %s: %v", hostPort, err), advice})
}

func resolve(ctx context.Context, hostPort string) (netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(hostPort)
	if err != nil {
		return netip.AddrPort{}, err
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
	if err != nil {
		return netip.AddrPort{}, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, a := range addrs {
		if a.Unmap().Is4() { // what everybody has
			return netip.AddrPortFrom(a.Unmap(), uint16(number)), nil
		}
	}
	return netip.AddrPortFrom(addrs[0], uint16(number)), nil
}

// trustAll is for questions other than that of trust.
func trustAll() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true} // trust is examined by itself
}

// ready asks a server for /readyz.
func ready(ctx context.Context, base string, transport *http.Transport) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close() // only read
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s says %s: %s", base, answer.Status, strings.TrimSpace(string(body)))
	}
	return nil
}
