package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"confab/sfu/seal"
)

var (
	masterKey  = []byte("sixteen bytes ok")
	masterSalt = []byte("twelve bytes")
)

func newKey(t testing.TB) *seal.Key {
	t.Helper()
	k, err := seal.NewKey(masterKey, masterSalt)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newPion(t testing.TB) *srtp.Context {
	t.Helper()
	c, err := srtp.CreateContext(masterKey, masterSalt, srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// build makes a packet with room for the tag, and tells the length of its header.
func build(t testing.TB, h rtp.Header, payload []byte) (raw []byte, head int) {
	t.Helper()
	p := rtp.Packet{Header: h, Payload: payload}
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append(make([]byte, 0, len(raw)+seal.Overhead), raw...), h.MarshalSize()
}

// TestPacketsAreThoseOfPion seals packets of two streams, whose numbers wrap several times, with some that come late, with
// CSRCs and extensions.
func TestPacketsAreThoseOfPion(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	key, pion := newKey(t), newPion(t)
	streams := [2]seal.Stream{key.NewStream(0xDEADBEEF), key.NewStream(7)}
	next := [2]int{40_000, 65_535}
	for range 20_000 {
		i := random.IntN(2)
		at := next[i]
		next[i] += 1 + random.IntN(30)
		if random.IntN(10) == 0 && at > 66_000 {
			at -= 1 + random.IntN(100)
		}
		h := rtp.Header{
			Version: 2, SSRC: streams[i].SSRC(), SequenceNumber: uint16(at), Timestamp: random.Uint32(), PayloadType: 96,
			Marker: random.IntN(2) == 0, CSRC: make([]uint32, random.IntN(3)),
		}
		if random.IntN(2) == 0 {
			if err := h.SetExtension(3, []byte{1, byte(at)}); err != nil {
				t.Fatal(err)
			}
		}
		raw, head := build(t, h, bytes.Repeat([]byte{byte(at)}, random.IntN(1200)))
		want, err := pion.EncryptRTP(nil, raw, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := streams[i].Seal(raw, head)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("packet %d of stream %d: %v\n%x, Pion makes\n%x", at, i, err, got, want)
		}
	}
}

func TestKeysOfTheWrongSizeAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, salt int }{{0, 12}, {16, 14}, {32, 12}} {
		if _, err := seal.NewKey(make([]byte, c.key), make([]byte, c.salt)); err == nil {
			t.Errorf("a key of %d and a salt of %d bytes were taken", c.key, c.salt)
		}
	}
}

// TestAPacketFromBeforeTheFirstIsRefused: its index would be negative, and wrapping it would use one that comes later.
func TestAPacketFromBeforeTheFirstIsRefused(t *testing.T) {
	t.Parallel()
	s := newKey(t).NewStream(1)
	first, head := build(t, rtp.Header{Version: 2, SSRC: 1, SequenceNumber: 3}, []byte("x"))
	if _, err := s.Seal(first, head); err != nil {
		t.Fatal(err)
	}
	early, head := build(t, rtp.Header{Version: 2, SSRC: 1, SequenceNumber: 65_530}, []byte("x"))
	before := hex.EncodeToString(early)
	if _, err := s.Seal(early, head); !errors.Is(err, seal.ErrIndex) {
		t.Errorf("it was sealed: %v", err)
	}
	if hex.EncodeToString(early) != before {
		t.Error("it was changed")
	}
}

// FuzzSeal decrypts with Pion what was sealed, whatever the packet holds.
func FuzzSeal(f *testing.F) {
	f.Add(uint32(1), uint16(65_535), []byte("payload"), true)
	f.Add(uint32(0), uint16(0), []byte{}, false)
	f.Fuzz(func(t *testing.T, ssrc uint32, seq uint16, payload []byte, extended bool) {
		h := rtp.Header{Version: 2, SSRC: ssrc, SequenceNumber: seq, PayloadType: 111}
		if extended {
			if err := h.SetExtension(1, []byte{9}); err != nil {
				t.Fatal(err)
			}
		}
		s := newKey(t).NewStream(ssrc)
		raw, head := build(t, h, payload)
		plain := bytes.Clone(raw)
		sealed, err := s.Seal(raw, head)
		if err != nil || len(sealed) != len(plain)+seal.Overhead {
			t.Fatalf("%d bytes became %d: %v", len(plain), len(sealed), err)
		}
		opened, err := newPion(t).DecryptRTP(nil, sealed, nil)
		if err != nil || !bytes.Equal(opened, plain) {
			t.Fatalf("%x came back as %x: %v", plain, opened, err)
		}
	})
}

// BenchmarkSeal measures a packet of video and one of audio beside Pion.
func BenchmarkSeal(b *testing.B) {
	for name, size := range map[string]int{"1200": 1200, "92": 92} {
		raw, head := build(b, rtp.Header{Version: 2, SSRC: 1}, make([]byte, size-12))
		b.Run(name, func(b *testing.B) {
			s := newKey(b).NewStream(1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Seal(raw, head); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/pion", func(b *testing.B) {
			c := newPion(b)
			var h rtp.Header
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.EncryptRTP(raw, raw, &h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
