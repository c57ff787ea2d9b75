package api_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The rules and the codes themselves are tested in internal/auth; this is what they look like from outside.
func TestSecondFactorRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	if ann.get("/users/me").is(200).object()["totpEnabled"] != false {
		t.Error("the second factor is on from the beginning")
	}
	ann.post("/auth/totp", object{"password": "wrong"}).problem(403, "wrong_password", "password")
	ann.post("/auth/totp/confirm", object{"code": "123456"}).problem(409, "totp_not_pending")
	made := ann.post("/auth/totp", object{"password": password}).is(200)
	uri, err := url.Parse(made.str("uri"))
	if err != nil || uri.Scheme != "otpauth" || uri.Query().Get("secret") != made.str("secret") || made.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s", made.raw)
	}
	ann.post("/auth/totp/confirm", object{"code": "not a code"}).problem(403, "wrong_code", "code")
	ann.post("/auth/totp/confirm", object{"code": strings.Repeat("1", 65)}).problem(422, "invalid", "code")
	ann.del("/auth/totp", object{"password": password, "code": "123456"}).problem(409, "totp_not_enabled")

	codes := ann.post("/auth/totp/confirm", object{"code": codeOf(t, made.str("secret"))}).is(200).object()["recoveryCodes"].([]any)
	if len(codes) != 10 {
		t.Errorf("%v", codes)
	}
	if ann.get("/users/me").is(200).object()["totpEnabled"] != true {
		t.Error("the second factor is not on")
	}
	login := func(code string) *reply {
		return s.send("POST", "/auth/login", "", object{"login": "ann", "password": password, "code": code})
	}
	login("").problem(401, "totp_required")
	login("000000 ").problem(401, "wrong_code", "code")
	if user := login(codes[0].(string)).is(200).object()["user"].(map[string]any); user["totpEnabled"] != true {
		t.Errorf("%v", user)
	}
	ann.del("/auth/totp", object{"password": password, "code": codes[0]}).problem(403, "wrong_code", "code")
	ann.del("/auth/totp", object{"password": password, "code": codes[1]}).is(204)
	login("").is(200)
}

// codeOf is what an authenticator app shows now (RFC 6238).
func codeOf(t *testing.T, secret string) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()/30)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:])&0x7fffffff%1_000_000)
}
