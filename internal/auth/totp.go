package auth

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// The parameters that every authenticator app understands; most of them ignore any others (RFC 6238, section 4;
// RFC 4226, section 5.3).
const (
	totpDigits = 6
	totpStep   = 30 * time.Second
	// totpDrift is how many steps a code may be early or late: half a minute for a phone's clock and for typing
	// (RFC 6238, section 5.2 advises one).
	totpDrift = 1
	// totpSecretLen is the length of a secret in bytes: that of a SHA-1 digest, as RFC 4226, section 4 recommends.
	totpSecretLen = 20
)

// hotp is the one-time password of a counter (RFC 4226, section 5.3).
func hotp(secret []byte, counter uint64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], counter)
	mac.Write(b[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, value%modulus)
}

// stepAt is the number of the time step that t is in (RFC 6238, section 4.2).
func stepAt(t time.Time) int64 { return t.Unix() / int64(totpStep/time.Second) }

// stepOf tells which step near now has the code, if any. All steps are tried, so that the time tells nothing.
func stepOf(secret []byte, code string, now time.Time) (step int64, ok bool) {
	current := stepAt(now)
	for s := current - totpDrift; s <= current+totpDrift; s++ {
		if subtle.ConstantTimeCompare([]byte(hotp(secret, uint64(s), totpDigits)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// spell writes random bytes as people type them: letters and digits that cannot be taken for each other (RFC 4648,
// section 6).
func spell(b []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// totpURI is what authenticator apps read from a QR code (the Key URI format that Google's app introduced).
func totpURI(username string, secret []byte) string {
	return (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/Confab:" + username, RawQuery: url.Values{
		"secret": {spell(secret)}, "issuer": {"Confab"}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(totpDigits)},
		"period": {fmt.Sprint(int(totpStep / time.Second))},
	}.Encode()}).String()
}
