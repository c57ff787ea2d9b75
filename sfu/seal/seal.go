// Package seal encrypts outgoing RTP packets with AEAD_AES_128_GCM (SRTP, RFC 3711 and RFC 7714), where they lie.
//
// It exists beside pion/srtp because the forwarding path encrypts every packet once per receiver: here that needs neither the
// header parsed again nor a table of streams, and all streams of a leg share one key. Packets are the very same.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// KeyLen and SaltLen are the sizes of master key and master salt, in bytes (RFC 7714, section 12).
	KeyLen, SaltLen = 16, 12
	// Overhead is how much longer a packet becomes, in bytes.
	Overhead = 16
	// maxIndex is the last packet of a stream that may be encrypted with one key (RFC 3711, section 9.2).
	maxIndex = 1<<48 - 1
)

// Labels of the key derivation (RFC 3711, section 4.3.1).
const (
	labelKey  = 0
	labelSalt = 2
)

// ErrIndex: the packet is from before the stream's first one or beyond the last that the key may encrypt.
var ErrIndex = errors.New("seal: packet index out of range")

// Key is what one side of a DTLS connection encrypts its RTP with. It may be used by several goroutines.
type Key struct {
	aead cipher.AEAD
	salt [SaltLen]byte
}

// NewKey derives the session key from a master key and salt of KeyLen and SaltLen.
func NewKey(master, salt []byte) (*Key, error) {
	if len(master) != KeyLen || len(salt) != SaltLen {
		return nil, fmt.Errorf("seal: key of %d and salt of %d bytes", len(master), len(salt))
	}
	prf, err := aes.NewCipher(master)
	if err != nil {
		return nil, err
	}
	session := derive(prf, salt, labelKey)
	block, err := aes.NewCipher(session[:])
	if err != nil {
		return nil, err
	}
	k := &Key{}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	session = derive(prf, salt, labelSalt)
	copy(k.salt[:], session[:])
	return k, nil
}

// derive is the first block of the key derivation function (RFC 3711, section 4.3.3), for a key derivation rate of zero.
func derive(prf cipher.Block, salt []byte, label byte) (out [aes.BlockSize]byte) {
	copy(out[:], salt)
	out[7] ^= label
	prf.Encrypt(out[:], out[:])
	return out
}

// Stream encrypts the packets of one SSRC. It must be the only one to do so with its key: two packets encrypted with one
// index are the end of secrecy. It is not for concurrent use.
type Stream struct {
	key     *Key
	ssrc    uint32
	highest int64 // packet index, that is sequence number and rollover counter, of the newest packet; -1 before the first
	nonce   [SaltLen]byte
}

// NewStream makes the stream of an SSRC, which begins with the first packet sealed.
func (k *Key) NewStream(ssrc uint32) Stream { return Stream{key: k, ssrc: ssrc, highest: -1} }

// SSRC is the stream's.
func (s *Stream) SSRC() uint32 { return s.ssrc }

// Seal encrypts an RTP packet of the stream in place and returns it, longer by Overhead, for which raw must have the capacity.
// head is the length of its header, with CSRCs and extensions. Packets may come somewhat out of order, but none from before the
// first. Error: ErrIndex.
func (s *Stream) Seal(raw []byte, head int) ([]byte, error) {
	seq := binary.BigEndian.Uint16(raw[2:])
	index := int64(seq)
	if s.highest >= 0 {
		index = s.highest + int64(int16(seq-uint16(s.highest)))
	}
	if index < 0 || index > maxIndex {
		return nil, ErrIndex
	}
	s.highest = max(s.highest, index)
	// RFC 7714, section 8.1: two zero bytes, SSRC, rollover counter and sequence number, masked with the salt.
	s.nonce = s.key.salt
	n := s.nonce[:]
	binary.BigEndian.PutUint32(n[2:], binary.BigEndian.Uint32(n[2:])^s.ssrc)
	binary.BigEndian.PutUint32(n[6:], binary.BigEndian.Uint32(n[6:])^uint32(index>>16))
	binary.BigEndian.PutUint16(n[10:], binary.BigEndian.Uint16(n[10:])^seq)
	return s.key.aead.Seal(raw[:head], n, raw[head:], raw[:head]), nil
}
