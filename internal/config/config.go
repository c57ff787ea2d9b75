// Package config is everything a person can set, in one typed struct: read from defaults, the file .env, the
// environment and flags, in rising precedence. A value that cannot be used is refused at start with its name.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Config is the configuration of `confab serve`. The struct tags are the reference: `confab serve --help` prints them.
type Config struct {
	Listen         string        `env:"CONFAB_LISTEN" placeholder:"HOST:PORT" help:"The one port number, TCP and UDP; :8080 if unset, :443 with a domain."`
	DataDir        string        `env:"CONFAB_DATA_DIR" default:"./data" placeholder:"DIR" help:"SQLite file, attachments, keys, certificates; made with mode 0700."`
	DatabaseURL    string        `env:"DATABASE_URL" placeholder:"URL" help:"postgres://… to use PostgreSQL; SQLite in the data folder otherwise."`
	S3Endpoint     string        `env:"CONFAB_S3_ENDPOINT" name:"s3-endpoint" placeholder:"URL" help:"An S3-compatible service that keeps attachments; the data folder otherwise."`
	S3Bucket       string        `env:"CONFAB_S3_BUCKET" name:"s3-bucket" placeholder:"NAME" help:"The bucket there; it must exist."`
	S3AccessKey    string        `env:"CONFAB_S3_ACCESS_KEY" name:"s3-access-key" placeholder:"TEXT" help:"The key that reads, writes, deletes and lists in the bucket."`
	S3SecretKey    string        `env:"CONFAB_S3_SECRET_KEY" name:"s3-secret-key" placeholder:"TEXT" help:"Its secret."`
	S3Region       string        `env:"CONFAB_S3_REGION" name:"s3-region" placeholder:"NAME" help:"The bucket's region; asked from the service if unset."`
	S3Prefix       string        `env:"CONFAB_S3_PREFIX" name:"s3-prefix" placeholder:"TEXT" help:"Before each object's name, for a bucket that is shared."`
	PublicURL      string        `env:"CONFAB_PUBLIC_URL" placeholder:"URL" help:"Where browsers reach this server; made from the domain, or localhost, and the port if unset."`
	PublicIP       []string      `env:"CONFAB_PUBLIC_IP" placeholder:"IP" help:"Public addresses to offer for media, when this machine is behind NAT."`
	PublicPort     uint16        `env:"CONFAB_PUBLIC_PORT" placeholder:"PORT" help:"The port number at the public addresses, where it differs."`
	STUN           []string      `env:"CONFAB_STUN" placeholder:"HOST:PORT" help:"STUN servers that tell the public address."`
	MapPort        bool          `env:"CONFAB_MAP_PORT" help:"Ask the router to forward the port (PCP, NAT-PMP, UPnP)."`
	Domain         string        `env:"CONFAB_DOMAIN" placeholder:"NAME" help:"HTTPS with a certificate by ACME for this name, which must lead here."`
	ACMEEmail      string        `env:"CONFAB_ACME_EMAIL" placeholder:"ADDRESS" help:"Told to the ACME server, which may send warnings there."`
	ACMEDirectory  string        `env:"CONFAB_ACME_DIRECTORY" placeholder:"URL" help:"The ACME server; Let's Encrypt if unset."`
	TLSCert        string        `env:"CONFAB_TLS_CERT" placeholder:"FILE" help:"HTTPS with one's own certificate chain (PEM), read again when it changes."`
	TLSKey         string        `env:"CONFAB_TLS_KEY" placeholder:"FILE" help:"Its key (PEM)."`
	TLSSelfSigned  bool          `env:"CONFAB_TLS_SELF_SIGNED" help:"HTTPS with a certificate of the server's own making, for a LAN; browsers warn of it."`
	JWTSecret      string        `env:"CONFAB_JWT_SECRET" placeholder:"TEXT" help:"Signs tokens; made on first start and kept in the data folder if unset."`
	TURNSecret     string        `env:"CONFAB_TURN_SECRET" placeholder:"TEXT" help:"Signs TURN credentials; likewise."`
	AdminListen    string        `env:"CONFAB_ADMIN_LISTEN" default:"127.0.0.1:9090" placeholder:"HOST:PORT" help:"Serves /metrics and /debug/pprof; \"off\" for none."`
	CORSOrigins    []string      `env:"CONFAB_CORS_ORIGINS" placeholder:"ORIGIN" help:"Further origins whose pages may use the API and the sockets."`
	TrustedProxies []string      `env:"CONFAB_TRUSTED_PROXIES" placeholder:"CIDR" help:"Reverse proxies whose X-Forwarded-For is believed."`
	RateLimitScale float64       `env:"CONFAB_RATE_LIMIT_SCALE" default:"1" placeholder:"FACTOR" help:"Multiplies every rate limit."`
	ShutdownGrace  time.Duration `env:"CONFAB_SHUTDOWN_GRACE" default:"10s" placeholder:"TIME" help:"How long running calls may go on after SIGTERM."`
	LogLevel       string        `env:"CONFAB_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"debug, info, warn or error."`
}

const (
	// secretMin is the least length of a configured secret, in bytes: below it is a mistake rather than a secret.
	secretMin = 8
	// secretGood is the length from which a secret is as strong as the HMACs that it keys (RFC 7518, section 3.2), and
	// the length of those that are made.
	secretGood = 32
)

// Validate checks each value and fills in what follows from others. Its error names the key and what it wants.
func (c *Config) Validate() error {
	if err := c.validateTLS(); err != nil {
		return err
	}
	if c.Listen == "" {
		c.Listen = ":8080"
		if c.Domain != "" {
			c.Listen = ":443"
		}
	}
	port, err := portOf(c.Listen)
	if err != nil {
		return fmt.Errorf("CONFAB_LISTEN: %w", err)
	}
	if c.AdminListen != "off" {
		if _, err := portOf(c.AdminListen); err != nil {
			return fmt.Errorf("CONFAB_ADMIN_LISTEN: %w", err)
		}
	}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		return fmt.Errorf("DATABASE_URL: want postgres://user:password@host/database, or nothing for SQLite")
	}
	if err := c.validateS3(); err != nil {
		return err
	}
	if c.PublicURL == "" {
		c.PublicURL = c.defaultURL(port)
	}
	if c.PublicURL, err = Origin(c.PublicURL); err != nil {
		return fmt.Errorf("CONFAB_PUBLIC_URL: %w", err)
	}
	for i, o := range c.CORSOrigins {
		if c.CORSOrigins[i], err = Origin(o); err != nil {
			return fmt.Errorf("CONFAB_CORS_ORIGINS: %w", err)
		}
	}
	if _, err := c.PublicAddresses(); err != nil {
		return err
	}
	for _, s := range c.STUN {
		if host, _, err := net.SplitHostPort(s); err != nil || host == "" {
			return fmt.Errorf("CONFAB_STUN: want host:port such as stun.example.net:3478, got %q", s)
		}
	}
	if _, err := c.Proxies(); err != nil {
		return err
	}
	if !(c.RateLimitScale > 0) {
		return fmt.Errorf("CONFAB_RATE_LIMIT_SCALE: want a number above 0, got %v", c.RateLimitScale)
	}
	if c.ShutdownGrace < 0 {
		return fmt.Errorf("CONFAB_SHUTDOWN_GRACE: want a time such as 10s, got %v", c.ShutdownGrace)
	}
	for key, secret := range map[string]string{"CONFAB_JWT_SECRET": c.JWTSecret, "CONFAB_TURN_SECRET": c.TURNSecret} {
		if secret != "" && len(secret) < secretMin {
			return fmt.Errorf("%s: want at least %d characters, got %d", key, secretMin, len(secret))
		}
	}
	return nil
}

// WeakSecrets names the configured secrets that are shorter than what they protect deserves.
func (c *Config) WeakSecrets() []string {
	var names []string
	for _, s := range []struct{ name, value string }{{"CONFAB_JWT_SECRET", c.JWTSecret}, {"CONFAB_TURN_SECRET", c.TURNSecret}} {
		if len(s.value) < secretGood {
			names = append(names, s.name)
		}
	}
	return names
}

// validateTLS checks that certificates come from one place at the most.
func (c *Config) validateTLS() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("CONFAB_TLS_CERT, CONFAB_TLS_KEY: want both or neither")
	}
	sources := 0
	for _, set := range []bool{c.Domain != "", c.TLSCert != "", c.TLSSelfSigned} {
		if set {
			sources++
		}
	}
	if sources > 1 {
		return errors.New("CONFAB_DOMAIN, CONFAB_TLS_CERT, CONFAB_TLS_SELF_SIGNED: want one of them at the most")
	}
	if c.Domain != "" && (strings.ContainsAny(c.Domain, "/:*@ ") || !strings.Contains(c.Domain, ".")) {
		return fmt.Errorf("CONFAB_DOMAIN: want a name such as chat.example.org, got %q", c.Domain)
	}
	return nil
}

// validateS3 checks that the service is described whole or not at all.
func (c *Config) validateS3() error {
	var missing []string
	for _, s := range []struct{ name, value string }{{"CONFAB_S3_ENDPOINT", c.S3Endpoint}, {"CONFAB_S3_BUCKET", c.S3Bucket},
		{"CONFAB_S3_ACCESS_KEY", c.S3AccessKey}, {"CONFAB_S3_SECRET_KEY", c.S3SecretKey}} {
		if s.value == "" {
			missing = append(missing, s.name)
		}
	}
	switch {
	case len(missing) == 4 && c.S3Region == "" && c.S3Prefix == "":
		return nil
	case len(missing) > 0:
		return fmt.Errorf("%s: missing; attachments in S3 want endpoint, bucket, access key and secret key", strings.Join(missing, ", "))
	}
	if u, err := url.Parse(c.S3Endpoint); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") ||
		strings.Trim(u.Path, "/") != "" || u.User != nil {
		return errors.New("CONFAB_S3_ENDPOINT: want https://host or http://host:port")
	}
	if c.S3Prefix != "" && (strings.HasPrefix(c.S3Prefix, "/") || !strings.HasSuffix(c.S3Prefix, "/")) {
		return fmt.Errorf("CONFAB_S3_PREFIX: want something like confab/, got %q", c.S3Prefix)
	}
	return nil
}

// defaultURL is where browsers reach the server if nothing else is said.
func (c *Config) defaultURL(port int) string {
	scheme, host := "http", "localhost"
	if c.Domain != "" || c.TLSCert != "" || c.TLSSelfSigned {
		scheme = "https"
	}
	if c.Domain != "" {
		host = c.Domain
	}
	if c.PublicPort != 0 {
		port = int(c.PublicPort)
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// Bound is told the port that CONFAB_LISTEN came to. Where any port was asked for (0), the public URL is made from it.
func (c *Config) Bound(port int) {
	if strings.HasSuffix(c.PublicURL, ":0") {
		c.PublicURL = c.defaultURL(port)
	}
}

// PublicHost is the host name or address in the public URL.
func (c *Config) PublicHost() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// PublicAddresses are the parsed CONFAB_PUBLIC_IP.
func (c *Config) PublicAddresses() ([]netip.Addr, error) {
	var addrs []netip.Addr
	for _, s := range c.PublicIP {
		a, err := netip.ParseAddr(strings.TrimSpace(s))
		if err != nil {
			return nil, fmt.Errorf("CONFAB_PUBLIC_IP: want IP addresses, got %q", s)
		}
		addrs = append(addrs, a.Unmap())
	}
	return addrs, nil
}

// Proxies are the parsed CONFAB_TRUSTED_PROXIES: networks, or single addresses.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, s := range c.TrustedProxies {
		s = strings.TrimSpace(s)
		if a, err := netip.ParseAddr(s); err == nil {
			prefixes = append(prefixes, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("CONFAB_TRUSTED_PROXIES: want addresses or networks such as 10.0.0.0/8, got %q", s)
		}
		prefixes = append(prefixes, p.Masked())
	}
	return prefixes, nil
}

// Origin reduces a URL to what browsers send as Origin (RFC 6454): scheme, host and a port that is not the scheme's
// own. Anything after the host but a lone slash is refused, since a web app under a path is not supported.
func Origin(raw string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("want http://host or https://host, got %q", raw)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("want scheme, host and port only, got %q", raw)
	}
	host := strings.ToLower(u.Host)
	if p := u.Port(); (u.Scheme == "http" && p == "80") || (u.Scheme == "https" && p == "443") {
		host = strings.TrimSuffix(host, ":"+p)
	}
	return u.Scheme + "://" + host, nil
}

func portOf(hostPort string) (int, error) {
	_, p, err := net.SplitHostPort(hostPort)
	if err != nil {
		return 0, fmt.Errorf("want host:port or :port, got %q", hostPort)
	}
	port, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("want a port from 0 to 65535, got %q", p)
	}
	return int(port), nil
}

// SQLitePath is where the embedded database lives.
func (c *Config) SQLitePath() string { return filepath.Join(c.DataDir, "confab.db") }
