package peer

import (
	"io"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/gofiber/fiber/v2"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		remote, forwarded, want string
		trusted                 []netip.Prefix
	}{
		"direct":                           {"203.0.113.5", "", "203.0.113.5", nil},
		"nobody is trusted":                {"10.0.0.1", "198.51.100.7", "10.0.0.1", nil},
		"a stranger forges":                {"203.0.113.5", "198.51.100.7", "203.0.113.5", trusted},
		"one proxy":                        {"10.0.0.1", "198.51.100.7", "198.51.100.7", trusted},
		"two proxies":                      {"10.0.0.1", "198.51.100.7, 10.9.9.9", "198.51.100.7", trusted},
		"the client forges before a proxy": {"10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7", trusted},
		"garbage":                          {"10.0.0.1", "unknown", "10.0.0.1", trusted},
		"empty header":                     {"10.0.0.1", "", "10.0.0.1", trusted},
		"proxies all the way":              {"10.0.0.1", "10.0.0.2", "10.0.0.2", trusted},
		"mapped":                           {"10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7", trusted},
		"IPv6":                             {"fd00::1", "2001:db8::7", "2001:db8::7", trusted},
	} {
		got := client(netip.MustParseAddr(c.remote), c.forwarded, c.trusted)
		if got != netip.MustParseAddr(c.want) {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"203.0.113.5": "203.0.113.5", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := Network(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// A proxy may leave the client's line as it is and add one of its own.
func TestForwardedInSeveralLines(t *testing.T) {
	t.Parallel()
	app := fiber.New()
	app.Use(Middleware([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}))
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString(Address(c).String()) })
	req := httptest.NewRequest("GET", "/", nil) // from 0.0.0.0, as app.Test has it
	for _, line := range []string{"1.1.1.1", "198.51.100.7", "10.9.9.9"} {
		req.Header.Add("X-Forwarded-For", line)
	}
	res, err := app.Test(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || string(got) != "198.51.100.7" {
		t.Errorf("%s, %v", got, err)
	}
}
