package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func valid() Config {
	return Config{Listen: ":8080", AdminListen: "127.0.0.1:9090", RateLimitScale: 1}
}

func TestValidateFillsInPortAndURL(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		set         func(*Config)
		listen, url string
	}{
		"nothing":      {func(*Config) {}, ":8080", "http://localhost:8080"},
		"port":         {func(c *Config) { c.Listen = ":9000" }, ":9000", "http://localhost:9000"},
		"domain":       {func(c *Config) { c.Domain = "chat.example" }, ":443", "https://chat.example"},
		"self-signed":  {func(c *Config) { c.TLSSelfSigned = true }, ":8080", "https://localhost:8080"},
		"outside port": {func(c *Config) { c.Domain, c.PublicPort = "chat.example", 4443 }, ":443", "https://chat.example:4443"},
		"own URL":      {func(c *Config) { c.PublicURL = "https://Chat.example/" }, ":8080", "https://chat.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := valid()
			c.Listen = ""
			tc.set(&c)
			if err := c.Validate(); err != nil || c.Listen != tc.listen || c.PublicURL != tc.url {
				t.Errorf("listen %q, URL %q, %v; want %q, %q", c.Listen, c.PublicURL, err, tc.listen, tc.url)
			}
		})
	}
}

func TestAnyPortBecomesTheOneThatWasGiven(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{"": "http://localhost:43210", "https://chat.example": "https://chat.example"} {
		c := Config{Listen: "127.0.0.1:0", AdminListen: "off", RateLimitScale: 1, PublicURL: set}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		if c.Bound(43210); c.PublicURL != want {
			t.Errorf("%q became %q, want %q", set, c.PublicURL, want)
		}
	}
}

func TestValidateNamesTheKey(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		key    string
		damage func(*Config)
	}{
		"listen without port":   {"CONFAB_LISTEN", func(c *Config) { c.Listen = "localhost" }},
		"listen port too large": {"CONFAB_LISTEN", func(c *Config) { c.Listen = ":70000" }},
		"admin without port":    {"CONFAB_ADMIN_LISTEN", func(c *Config) { c.AdminListen = "x" }},
		"certificate, no key":   {"CONFAB_TLS_CERT, CONFAB_TLS_KEY", func(c *Config) { c.TLSCert = "cert.pem" }},
		"two certificates":      {"CONFAB_DOMAIN, CONFAB_TLS_CERT, CONFAB_TLS_SELF_SIGNED", func(c *Config) { c.Domain, c.TLSSelfSigned = "a.example", true }},
		"domain with scheme":    {"CONFAB_DOMAIN", func(c *Config) { c.Domain = "https://a.example" }},
		"mysql":                 {"DATABASE_URL", func(c *Config) { c.DatabaseURL = "mysql://h/d" }},
		"public URL with path":  {"CONFAB_PUBLIC_URL", func(c *Config) { c.PublicURL = "https://h/chat" }},
		"public URL no scheme":  {"CONFAB_PUBLIC_URL", func(c *Config) { c.PublicURL = "chat.example" }},
		"public IP a name":      {"CONFAB_PUBLIC_IP", func(c *Config) { c.PublicIP = []string{"chat.example"} }},
		"STUN without a port":   {"CONFAB_STUN", func(c *Config) { c.STUN = []string{"stun.example.net"} }},
		"proxy a name":          {"CONFAB_TRUSTED_PROXIES", func(c *Config) { c.TrustedProxies = []string{"proxy"} }},
		"half an S3":            {"CONFAB_S3_BUCKET, CONFAB_S3_SECRET_KEY", func(c *Config) { c.S3Endpoint, c.S3AccessKey = "https://s3.example", "k" }},
		"S3 prefix alone":       {"CONFAB_S3_ENDPOINT, CONFAB_S3_BUCKET, CONFAB_S3_ACCESS_KEY, CONFAB_S3_SECRET_KEY", func(c *Config) { c.S3Prefix = "a/" }},
		"S3 endpoint with path": {"CONFAB_S3_ENDPOINT", func(c *Config) { s3(c); c.S3Endpoint = "https://s3.example/bucket" }},
		"S3 endpoint no scheme": {"CONFAB_S3_ENDPOINT", func(c *Config) { s3(c); c.S3Endpoint = "s3.example" }},
		"S3 prefix no folder":   {"CONFAB_S3_PREFIX", func(c *Config) { s3(c); c.S3Prefix = "confab" }},
		"origin star":           {"CONFAB_CORS_ORIGINS", func(c *Config) { c.CORSOrigins = []string{"*"} }},
		"scale zero":            {"CONFAB_RATE_LIMIT_SCALE", func(c *Config) { c.RateLimitScale = 0 }},
		"negative grace":        {"CONFAB_SHUTDOWN_GRACE", func(c *Config) { c.ShutdownGrace = -1 }},
		"short secret":          {"CONFAB_JWT_SECRET", func(c *Config) { c.JWTSecret = "short" }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := valid()
			tc.damage(&c)
			err := c.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), tc.key+":") {
				t.Errorf("error %v does not begin with %s", err, tc.key)
			}
		})
	}
}

func s3(c *Config) {
	c.S3Endpoint, c.S3Bucket, c.S3AccessKey, c.S3SecretKey = "https://s3.example", "files", "key", "secret"
}

func TestValidateTakesAWholeS3(t *testing.T) {
	t.Parallel()
	c := valid()
	s3(&c)
	c.S3Region, c.S3Prefix = "eu", "confab/"
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateNeverPrintsASecret(t *testing.T) {
	t.Parallel()
	c := valid()
	c.TURNSecret = "hunter"
	if err := c.Validate(); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("error %v", err)
	}
}

func TestOriginIsWhatBrowsersSend(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://Chat.Example:443/": "https://chat.example",
		"http://chat.example:80":    "http://chat.example",
		"http://[::1]:8080":         "http://[::1]:8080",
		"https://chat.example:8443": "https://chat.example:8443",
	} {
		if got, err := Origin(in); err != nil || got != want {
			t.Errorf("Origin(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestSecretsAreMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	load := func() Config {
		c := Config{DataDir: dir}
		if err := c.MakeDataDir(); err != nil {
			t.Fatal(err)
		}
		if err := c.LoadSecrets(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, second := load(), load()
	if first.JWTSecret != second.JWTSecret || first.TURNSecret != second.TURNSecret {
		t.Error("a restart changed the keys")
	}
	if first.JWTSecret == first.TURNSecret || len(first.JWTSecret) < secretGood {
		t.Error("keys are equal or short")
	}
	for name, want := range map[string]os.FileMode{".": 0o700, "jwt.key": 0o600, "turn.key": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

func TestADamagedKeyIsAnErrorNotANewKey(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(c.DataDir, "jwt.key"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.LoadSecrets(); err == nil {
		t.Error("a truncated key was accepted")
	}
}

func TestWeakSecretsAreNamed(t *testing.T) {
	t.Parallel()
	c := Config{JWTSecret: "not so long", TURNSecret: strings.Repeat("x", secretGood)}
	if got := c.WeakSecrets(); len(got) != 1 || got[0] != "CONFAB_JWT_SECRET" {
		t.Errorf("weak: %v", got)
	}
}
