package tlsport

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// lookAgain is how often files are looked at: a renewed certificate is used that much later at most.
	lookAgain = time.Second
	// insist is how long browsers should insist on HTTPS: half a year, which survives a long holiday and still ends.
	insist = 180 * 24 * time.Hour
)

// fileSource has its certificate from two files.
type fileSource struct {
	cfg Config
	log *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate // owned by mu
	looked  time.Time        // owned by mu: when the files were looked at
	seen    [2]fileState     // owned by mu: what they were like when they were read, successfully or not
}

// fileState is what tells that a file has changed.
type fileState struct {
	modified time.Time
	size     int64
}

func openFiles(cfg Config) (*fileSource, error) {
	s := &fileSource{cfg: cfg, log: cfg.Log}
	if cfg.CertFile == "" || cfg.KeyFile == "" {
		return nil, fmt.Errorf("a certificate file wants a key file and the other way round, got %q and %q", cfg.CertFile, cfg.KeyFile)
	}
	var err error
	if s.seen, err = s.look(); err != nil {
		return nil, err
	}
	if s.current, err = s.read(); err != nil {
		return nil, err
	}
	s.looked = cfg.Now()
	return s, nil
}

func (s *fileSource) look() (states [2]fileState, err error) {
	for i, name := range []string{s.cfg.CertFile, s.cfg.KeyFile} {
		var info fs.FileInfo
		if info, err = os.Stat(name); err != nil {
			return states, fmt.Errorf("certificate files: %w", err)
		}
		states[i] = fileState{info.ModTime(), info.Size()}
	}
	return states, nil
}

func (s *fileSource) read() (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(s.cfg.CertFile, s.cfg.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate files %s and %s: %w", s.cfg.CertFile, s.cfg.KeyFile, err)
	}
	if now := s.cfg.Now(); now.After(c.Leaf.NotAfter) || now.Before(c.Leaf.NotBefore) {
		s.log.Warn("the certificate is not valid now", "file", s.cfg.CertFile, "from", c.Leaf.NotBefore, "until", c.Leaf.NotAfter)
	}
	return &c, nil
}

// certificate returns what is in the files. When they changed to something that cannot be used, such as one of two that
// is replaced a moment before the other, the certificate from before goes on.
func (s *fileSource) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	if now.Sub(s.looked) < lookAgain {
		return s.current, nil
	}
	s.looked = now
	states, err := s.look()
	if err == nil && states == s.seen {
		return s.current, nil
	}
	if err == nil {
		s.seen = states
		var fresh *tls.Certificate
		if fresh, err = s.read(); err == nil {
			s.current = fresh
			s.log.Info("the certificate files have changed and are used", "until", fresh.Leaf.NotAfter)
			return s.current, nil
		}
	}
	s.log.Warn("the certificate files cannot be read; the certificate from before is used", "error", err)
	return s.current, nil
}

func (*fileSource) challenges(next http.Handler) http.Handler { return next }
func (*fileSource) hsts() time.Duration                       { return insist }
func (*fileSource) start()                                    {}
func (*fileSource) close()                                    {}
