package srtpkeys_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"

	"confab/sfu/srtpkeys"
)

func hello(suite dtls.CipherSuiteID, profiles ...dtls.SRTPProtectionProfile) handshake.MessageServerHello {
	id := uint16(suite)
	m := handshake.MessageServerHello{CipherSuiteID: &id}
	if len(profiles) > 0 {
		m.Extensions = []extension.Extension{&extension.UseSRTP{ProtectionProfiles: profiles}}
	}
	return m
}

var line = fmt.Appendf(nil, "CLIENT_RANDOM %064x %096x\n", 1, 2)

func TestOnlyWhatIsUnderstoodHasKeys(t *testing.T) {
	t.Parallel()
	const suite, gcm = dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.SRTP_AEAD_AES_128_GCM
	for name, c := range map[string]struct {
		hello *handshake.MessageServerHello
		log   []byte
		want  error
	}{
		"nothing":               {nil, nil, srtpkeys.ErrIncomplete},
		"we were the client":    {nil, line, srtpkeys.ErrIncomplete},
		"still under way":       {ptr(hello(suite, gcm)), nil, srtpkeys.ErrIncomplete},
		"another label":         {ptr(hello(suite, gcm)), []byte("SERVER_THING 00 11\n"), srtpkeys.ErrIncomplete},
		"no SRTP":               {ptr(hello(suite)), line, srtpkeys.ErrUnsupported},
		"another profile":       {ptr(hello(suite, dtls.SRTP_AEAD_AES_256_GCM)), line, srtpkeys.ErrUnsupported},
		"another hash":          {ptr(hello(dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, gcm)), line, srtpkeys.ErrUnsupported},
		"all that is needed":    {ptr(hello(suite, gcm)), line, nil},
		"and the older profile": {ptr(hello(suite, dtls.SRTP_AES128_CM_HMAC_SHA1_80)), line, nil},
	} {
		var h srtpkeys.Handshake
		if c.hello != nil {
			h.ServerHello(*c.hello)
		}
		if _, err := h.Write(c.log); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, keys, err := h.Both()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (len(keys.Key) != 16 || len(keys.Salt) < 12 || bytes.Equal(keys.Key, make([]byte, 16))) {
			t.Errorf("%s: %d bytes of key, %d of salt", name, len(keys.Key), len(keys.Salt))
		}
	}
}

func ptr(m handshake.MessageServerHello) *handshake.MessageServerHello { return &m }
