package outside

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func pcpQuestion() *pcpRequest {
	return &pcpRequest{
		client: netip.MustParseAddr("192.168.1.2"), nonce: [12]byte([]byte("twelve bytes")), protocol: "udp", internal: 8080,
		external: netip.MustParseAddrPort("0.0.0.0:443"), lifetime: time.Hour,
	}
}

// pcpAnswer is what a router says that forwards the port from 203.0.113.5:443; change makes another answer of it.
func pcpAnswer(change func(b []byte) []byte) []byte {
	q := pcpQuestion()
	q.external = netip.MustParseAddrPort("203.0.113.5:443")
	b := q.append(nil)
	b[1] |= pcpResponse
	copy(b[8:pcpHeader], make([]byte, 16)) // epoch and reserved bytes
	return change(b)
}

// The messages byte by byte, as RFC 6887 has them in its sections 7.1 and 11.1.
func TestPCPRequest(t *testing.T) {
	t.Parallel()
	want := slices.Concat(
		[]byte{2, 1, 0, 0}, []byte{0, 0, 0x0e, 0x10}, make([]byte, 10), []byte{0xff, 0xff, 192, 168, 1, 2},
		[]byte("twelve bytes"), []byte{17, 0, 0, 0}, []byte{0x1f, 0x90, 0x01, 0xbb}, make([]byte, 10), []byte{0xff, 0xff, 0, 0, 0, 0})
	if got := pcpQuestion().append(nil); !bytes.Equal(got, want) {
		t.Errorf("the request is\n%x, want\n%x", got, want)
	}
}

func TestPCPAnswers(t *testing.T) {
	t.Parallel()
	set := func(at int, v byte) func([]byte) []byte {
		return func(b []byte) []byte { b[at] = v; return b }
	}
	for name, c := range map[string]struct {
		answer []byte
		mine   bool
		says   string // of the error; empty for none
	}{
		"yes":                              {pcpAnswer(set(0, 2)), true, ""},
		"another client's nonce":           {pcpAnswer(set(24, 'x')), false, ""},
		"the other protocol":               {pcpAnswer(set(36, 6)), false, ""},
		"another port":                     {pcpAnswer(set(41, 0)), false, ""},
		"a request":                        {pcpAnswer(set(1, pcpMap)), false, ""},
		"another operation":                {pcpAnswer(set(1, pcpResponse)), false, ""},
		"no":                               {pcpAnswer(set(3, 2)), true, "not authorized"},
		"no, without details":              {pcpAnswer(set(3, 8))[:pcpHeader], true, "no resources"},
		"no, for a reason of later times":  {pcpAnswer(set(3, 99)), true, "99"},
		"another router in between":        {pcpAnswer(set(3, 12)), true, "another router"},
		"cut":                              {pcpAnswer(set(0, 2))[:pcpMapLen-1], false, ""},
		"a router that knows NAT-PMP only": {[]byte{0, 0x81, 0, 1, 0, 0, 0, 9}, true, "NAT-PMP only"},
		"nothing":                          {nil, false, ""},
	} {
		mapped, mine, err := pcpQuestion().answeredBy(c.answer)
		if mine != c.mine || (err == nil) != (c.says == "") || (err != nil && !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, %v; want %v and an error with %q", name, mine, err, c.mine, c.says)
		}
		if want := netip.MustParseAddrPort("203.0.113.5:443"); mine && err == nil && mapped != want {
			t.Errorf("%s: mapped to %s, want %s", name, mapped, want)
		}
	}
}

// FuzzPCPAnswer reads any datagram: only one with the nonce of the request counts as a mapping.
func FuzzPCPAnswer(f *testing.F) {
	f.Add(pcpAnswer(func(b []byte) []byte { return b }))
	f.Add(pcpAnswer(func(b []byte) []byte { return b[:pcpHeader] }))
	f.Fuzz(func(t *testing.T, b []byte) {
		q := pcpQuestion()
		mapped, mine, err := q.answeredBy(b)
		if mine && err == nil && (!bytes.Contains(b, q.nonce[:]) || !mapped.IsValid()) {
			t.Errorf("%x is taken for a mapping to %s", b, mapped)
		}
	})
}
