package auth

import (
	"encoding/base32"
	"net/url"
	"testing"
	"time"
)

// The test values of RFC 4226, appendix D.
func TestHOTP(t *testing.T) {
	t.Parallel()
	for counter, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp([]byte("12345678901234567890"), uint64(counter), 6); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

// The SHA-1 test values of RFC 6238, appendix B.
func TestTOTP(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037",
		20000000000: "65353130",
	} {
		if got := hotp([]byte("12345678901234567890"), uint64(stepAt(time.Unix(at, 0))), 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestACodeMayBeOneStepOff(t *testing.T) {
	t.Parallel()
	secret, now := []byte("12345678901234567890"), time.Unix(1234567890, 0)
	for off := int64(-3); off <= 3; off++ {
		step, ok := stepOf(secret, hotp(secret, uint64(stepAt(now)+off), totpDigits), now)
		if want := off >= -1 && off <= 1; ok != want || ok && step != stepAt(now)+off {
			t.Errorf("%d steps off: step %d, %v", off, step-stepAt(now), ok)
		}
	}
}

func TestTheURIIsWhatAppsRead(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(totpURI("Юлия", []byte("12345678901234567890")))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Confab:Юлия" {
		t.Errorf("%v, %v", u, err)
	}
	q := u.Query()
	secret, err := base32.StdEncoding.DecodeString(q.Get("secret"))
	if err != nil || string(secret) != "12345678901234567890" || q.Get("issuer") != "Confab" || q.Get("digits") != "6" ||
		q.Get("period") != "30" || q.Get("algorithm") != "SHA1" {
		t.Errorf("%v, %v", q, err)
	}
}
