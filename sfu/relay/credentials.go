package relay

import (
	"crypto/hmac"
	"crypto/sha1" // what the convention wants; HMAC does not need collision resistance
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Credentials makes a user name and password by the TURN REST convention (draft-uberti-behave-turn-rest-00): the name is
// "expiry:userID" with the expiry in Unix seconds, the password base64(HMAC-SHA1(secret, name)).
func Credentials(secret []byte, userID string, ttl time.Duration, now time.Time) (username, password string) {
	username = strconv.FormatInt(now.Add(ttl).Unix(), 10) + ":" + userID
	return username, passwordOf(secret, username)
}

func passwordOf(secret []byte, username string) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

var errUsername = errors.New("relay: a user name must be expiry:userID")

// parseUsername takes a user name apart.
func parseUsername(username string) (expiry time.Time, userID string, err error) {
	seconds, userID, ok := strings.Cut(username, ":")
	if !ok || userID == "" {
		return time.Time{}, "", errUsername
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, "", errUsername
	}
	return time.Unix(unix, 0), userID, nil
}
