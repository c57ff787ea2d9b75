// Package srtpkeys derives the SRTP keys of a DTLS connection (RFC 5764, section 4.2) from what Pion's public hooks tell of
// the handshake: the key log has the client's random and the master secret, the server hello the server's random, the
// protection profile and the cipher suite. From these the exporter of RFC 5705 makes the same keys as Pion itself.
//
// The point is to encrypt media without Pion's sender, straight into batches, and to decrypt it where it is read. Encrypting
// is safe as long as Pion sends nothing on the same SSRCs: two contexts with one key must never encrypt two packets of one
// SSRC with the same index.
package srtpkeys

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/srtp/v3"
)

// ErrIncomplete: the handshake has not told everything yet, or it was the other way round (we were its client).
var ErrIncomplete = errors.New("srtpkeys: handshake not seen")

// ErrUnsupported: a cipher suite or profile that this package has no derivation for.
var ErrUnsupported = errors.New("srtpkeys: unsupported suite or profile")

// Handshake gathers what is told of one connection's handshake on its server's side. The zero value is ready; its methods
// may be called by several goroutines.
type Handshake struct {
	mu           sync.Mutex // owns the fields below
	clientRandom []byte
	master       []byte
	serverRandom []byte
	profile      dtls.SRTPProtectionProfile
	suite        dtls.CipherSuiteID
	hello        bool
}

// Keys are what one side encrypts with.
type Keys struct {
	Key, Salt []byte
	Profile   srtp.ProtectionProfile
}

// Write takes lines of the key log (the NSS format: label, client random, secret), for SettingEngine.SetDTLSKeyLogWriter.
func (h *Handshake) Write(line []byte) (int, error) {
	fields := bytes.Fields(line)
	if len(fields) != 3 || string(fields[0]) != "CLIENT_RANDOM" {
		return len(line), nil
	}
	random, err1 := hex.DecodeString(string(fields[1]))
	master, err2 := hex.DecodeString(string(fields[2]))
	if err := errors.Join(err1, err2); err != nil {
		return 0, fmt.Errorf("srtpkeys: key log: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clientRandom, h.master = random, master
	return len(line), nil
}

// ServerHello looks at the message and returns it unchanged, for SettingEngine.SetDTLSServerHelloMessageHook.
func (h *Handshake) ServerHello(m handshake.MessageServerHello) handshake.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	random := m.Random.MarshalFixed()
	h.serverRandom = bytes.Clone(random[:])
	h.profile, h.hello = 0, true
	if m.CipherSuiteID != nil {
		h.suite = dtls.CipherSuiteID(*m.CipherSuiteID)
	}
	for _, e := range m.Extensions {
		if use, ok := e.(*extension.UseSRTP); ok && len(use.ProtectionProfiles) == 1 {
			h.profile = use.ProtectionProfiles[0]
		}
	}
	return &m
}

// Both returns the keys that the two sides of the handshake encrypt with. The handshake must be over.
func (h *Handshake) Both() (client, server Keys, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.hello || len(h.master) == 0 {
		return Keys{}, Keys{}, ErrIncomplete
	}
	var profile srtp.ProtectionProfile
	switch h.profile {
	case dtls.SRTP_AEAD_AES_128_GCM:
		profile = srtp.ProtectionProfileAeadAes128Gcm
	case dtls.SRTP_AES128_CM_HMAC_SHA1_80:
		profile = srtp.ProtectionProfileAes128CmHmacSha1_80
	default:
		return Keys{}, Keys{}, fmt.Errorf("%w: profile %d", ErrUnsupported, h.profile)
	}
	if !hashesWithSHA256(h.suite) {
		return Keys{}, Keys{}, fmt.Errorf("%w: suite %x", ErrUnsupported, uint16(h.suite))
	}
	keyLen, err := profile.KeyLen()
	if err != nil {
		return Keys{}, Keys{}, err
	}
	saltLen, err := profile.SaltLen()
	if err != nil {
		return Keys{}, Keys{}, err
	}
	seed := append([]byte("EXTRACTOR-dtls_srtp"), h.clientRandom...)
	seed = append(seed, h.serverRandom...)
	material, err := prf.PHash(h.master, seed, 2*(keyLen+saltLen), sha256.New)
	if err != nil {
		return Keys{}, Keys{}, err
	}
	// client key, server key, client salt, server salt
	salts := material[2*keyLen:]
	client = Keys{Key: material[:keyLen], Salt: salts[:saltLen], Profile: profile}
	server = Keys{Key: material[keyLen : 2*keyLen], Salt: salts[saltLen:], Profile: profile}
	return client, server, nil
}

// hashesWithSHA256 tells which suites have SHA-256 as the hash of their pseudorandom function (RFC 5289 and 7251): of
// those that Pion offers, all but the ones named after SHA-384.
func hashesWithSHA256(id dtls.CipherSuiteID) bool {
	switch id {
	case dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
		dtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, dtls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA:
		return true
	}
	return false
}
