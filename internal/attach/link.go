package attach

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"

	"confab/store"
)

// A link works for linkTime to linkTime+linkStep. Its end is rounded up to whole steps, so that one attachment has the
// same address for everybody all through a step, and browsers find it in their cache. Whoever has a link can read the
// file until then, also after leaving the chat: that is the price of plain <img> elements, and the reason why it is
// hours and not days.
const (
	linkTime = 6 * time.Hour
	linkStep = time.Hour
)

// Link makes the address of an attachment's bytes, and tells until when it works. Add &size=thumb for the thumbnail.
func (s *Service) Link(id store.ID) (address string, expires *time.Time) {
	end := s.now().Add(linkTime + linkStep - 1).Truncate(linkStep)
	exp, sig := s.Sign(id, end)
	return "/attachments/" + string(id) + "?" + url.Values{"exp": {exp}, "sig": {sig}}.Encode(), &end
}

// Sign makes the two parameters of a link that ends at end: seconds since 1970, and an HMAC-SHA256 over them and the
// id.
func (s *Service) Sign(id store.ID, end time.Time) (exp, sig string) {
	exp = strconv.FormatInt(end.Unix(), 10)
	return exp, base64.RawURLEncoding.EncodeToString(s.signature(id, exp))
}

// Verify tells whether sig is the signature of a link to id that has not ended.
func (s *Service) Verify(id store.ID, exp, sig string) bool {
	end, err := strconv.ParseInt(exp, 10, 64)
	if err != nil || s.now().Unix() >= end {
		return false
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(sig)
	return err == nil && hmac.Equal(given, s.signature(id, exp))
}

func (s *Service) signature(id store.ID, exp string) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(string(id) + "\n" + exp))
	return mac.Sum(nil)
}
