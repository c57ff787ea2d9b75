package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"confab/internal/tlsport"
)

// examineTLS looks at the certificate that the server shows, or would show.
func (s Server) examineTLS(ctx context.Context, r *report, running bool) {
	switch {
	case !s.TLS.On():
		s.examineNoTLS(r)
	case running:
		s.examineShown(ctx, r)
	case len(s.TLS.Domains) > 0:
		// Asking for a certificate here would take one away from the limits of the ACME server.
		r.fine("TLS", "the server gets a certificate for %s when it runs; look again then", s.TLS.Domains[0])
	case s.TLS.SelfSigned:
		r.fine("TLS", "the server makes its own certificate; browsers warn of it until it is accepted")
	default:
		s.examineFiles(r)
	}
}

func (s Server) examineNoTLS(r *report) {
	u, err := url.Parse(s.PublicURL)
	switch {
	case err == nil && u.Scheme == "https":
		r.fine("TLS", "off here; the proxy at %s has it", s.PublicURL)
	case err == nil && u.Hostname() == "localhost":
		r.fine("TLS", "off; on localhost, browsers give camera and microphone all the same")
	default:
		r.add(Finding{"TLS", Warning, "it is off: to pages without HTTPS browsers give no camera and no microphone, except on localhost",
			"Set CONFAB_DOMAIN, or CONFAB_TLS_CERT and CONFAB_TLS_KEY, or in a LAN CONFAB_TLS_SELF_SIGNED=true; or put a reverse proxy with HTTPS in front and set CONFAB_PUBLIC_URL."})
	}
}

// examineShown looks at the certificate of the server that runs.
func (s Server) examineShown(ctx context.Context, r *report) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, hostPort := s.local()
	_, name := s.localURL()
	conn, err := (&tls.Dialer{Config: &tls.Config{ServerName: name, InsecureSkipVerify: true}}).DialContext(ctx, "tcp", hostPort) // trust is examined below
	if err != nil {
		r.add(Finding{"TLS", Failure, fmt.Sprintf("the server shows no certificate for %s: %v", name, err),
			"If it is to come by ACME: does the domain lead here, and is port 443 or 80 reachable from outside? The server's log has the ACME server's answer."})
		return
	}
	defer conn.Close() // it was only looked at
	shown := conn.(*tls.Conn).ConnectionState().PeerCertificates
	if !examineCertificate(r, shown[0], name, time.Now()) {
		return
	}
	chain := x509.NewCertPool()
	for _, c := range shown[1:] {
		chain.AddCert(c)
	}
	if _, err := shown[0].Verify(x509.VerifyOptions{Intermediates: chain}); err != nil && !s.TLS.SelfSigned {
		r.add(Finding{"TLS", Warning, fmt.Sprintf("this machine does not trust the certificate: %v", err),
			"Browsers elsewhere may warn of it, too. The file in CONFAB_TLS_CERT has to hold the whole chain: the server's certificate, then those that signed it."})
	}
}

// examineFiles looks at certificate files.
func (s Server) examineFiles(r *report) {
	cfg := s.TLS
	cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	certificates, err := tlsport.Open(cfg)
	if err != nil {
		r.add(Finding{"TLS", Failure, err.Error(), "Check CONFAB_TLS_CERT and CONFAB_TLS_KEY: PEM files that belong together and that the server may read."})
		return
	}
	defer certificates.Close()
	name, _ := s.public()
	leaf, err := certificates.Certificate(name)
	if err != nil {
		r.add(Finding{"TLS", Failure, err.Error(), ""})
		return
	}
	examineCertificate(r, leaf, name, time.Now())
}

// soon is how long before its end a certificate is worth a warning.
const soon = 14 * 24 * time.Hour

// examineCertificate tells whether browsers can use a certificate for a name now, their trust aside.
func examineCertificate(r *report, leaf *x509.Certificate, name string, now time.Time) bool {
	left := leaf.NotAfter.Sub(now)
	switch err := leaf.VerifyHostname(name); {
	case now.Before(leaf.NotBefore) || left <= 0:
		r.add(Finding{"TLS", Failure, fmt.Sprintf("the certificate is valid from %s to %s, not now", leaf.NotBefore.Format(time.DateOnly), leaf.NotAfter.Format(time.DateOnly)), "Renew it, and check this machine's clock."})
	case err != nil:
		r.add(Finding{"TLS", Failure, fmt.Sprintf("the certificate is not for %s: %v", name, err), "Use a certificate for the name in CONFAB_PUBLIC_URL."})
	case left < soon:
		r.add(Finding{"TLS", Warning, fmt.Sprintf("the certificate ends in %d days", int(left.Hours()/24)), "Renew it; the server reads the files again by itself."})
		return true
	default:
		r.fine("TLS", "a certificate for %s, until %s", name, leaf.NotAfter.Format(time.DateOnly))
		return true
	}
	return false
}
