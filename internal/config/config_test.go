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

func TestValidateFillsInThePublicURL(t *testing.T) {
	t.Parallel()
	c := valid()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.PublicURL != "http://localhost:8080" {
		t.Errorf("PublicURL = %q", c.PublicURL)
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
		"mysql":                 {"DATABASE_URL", func(c *Config) { c.DatabaseURL = "mysql://h/d" }},
		"public URL with path":  {"CONFAB_PUBLIC_URL", func(c *Config) { c.PublicURL = "https://h/chat" }},
		"public URL no scheme":  {"CONFAB_PUBLIC_URL", func(c *Config) { c.PublicURL = "chat.example" }},
		"public IP a name":      {"CONFAB_PUBLIC_IP", func(c *Config) { c.PublicIP = []string{"chat.example"} }},
		"proxy a name":          {"CONFAB_TRUSTED_PROXIES", func(c *Config) { c.TrustedProxies = []string{"proxy"} }},
		"origin star":           {"CONFAB_CORS_ORIGINS", func(c *Config) { c.CORSOrigins = []string{"*"} }},
		"scale zero":            {"CONFAB_RATE_LIMIT_SCALE", func(c *Config) { c.RateLimitScale = 0 }},
		"negative grace":        {"CONFAB_SHUTDOWN_GRACE", func(c *Config) { c.ShutdownGrace = -1 }},
		"short secret":          {"CONFAB_JWT_SECRET", func(c *Config) { c.JWTSecret = "secret" }},
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

func TestValidateNeverPrintsASecret(t *testing.T) {
	t.Parallel()
	c := valid()
	c.TURNSecret = "hunter2"
	if err := c.Validate(); err == nil || strings.Contains(err.Error(), "hunter2") {
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
	if first.JWTSecret == first.TURNSecret || len(first.JWTSecret) < secretMin {
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
