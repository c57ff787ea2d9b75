package relay

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"confab/sfu/wire"
)

// rawClient speaks TURN message by message, so that a test can say things that a well-behaved client does not.
type rawClient struct {
	t                  testing.TB
	conn               net.Conn
	username, password string
	realm, nonce       string
}

// dial connects a client with fresh credentials of a user. The network may be "tls", too.
func dial(t testing.TB, m *wire.Mux, network, userID string, now time.Time) *rawClient {
	t.Helper()
	var conn net.Conn
	var err error
	if network == "tls" {
		conn, err = tls.Dial("tcp", hostPort(m), &tls.Config{InsecureSkipVerify: true}) // a test
	} else {
		conn, err = net.Dial(network, hostPort(m))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &rawClient{t: t, conn: conn}
	c.username, c.password = Credentials([]byte(testSecret), userID, time.Minute, now)
	return c
}

// raw is an attribute of any content.
type raw stun.RawAttribute

func (r raw) AddTo(m *stun.Message) error {
	m.Add(r.Type, r.Value)
	return nil
}

func transport(protocol byte) raw {
	return raw{Type: stun.AttrRequestedTransport, Value: []byte{protocol, 0, 0, 0}}
}

func lifetime(d time.Duration) raw {
	return raw{Type: stun.AttrLifetime, Value: binary.BigEndian.AppendUint32(nil, uint32(d/time.Second))}
}

func channel(n uint16) raw {
	return raw{Type: stun.AttrChannelNumber, Value: binary.BigEndian.AppendUint32(nil, uint32(n)<<16)}
}

// peerAttr writes an XOR-PEER-ADDRESS in the family of the address: an IPv4-mapped one stays IPv6.
type peerAttr netip.AddrPort

func (p peerAttr) AddTo(m *stun.Message) error {
	a := netip.AddrPort(p)
	var mask [16]byte
	binary.BigEndian.PutUint32(mask[:], 0x2112A442)
	copy(mask[4:], m.TransactionID[:])
	family, addr := byte(familyIPv4), a.Addr().AsSlice()
	if a.Addr().Is6() {
		family = familyIPv6
	}
	for i := range addr {
		addr[i] ^= mask[i]
	}
	v := binary.BigEndian.AppendUint16([]byte{0, family}, a.Port()^0x2112)
	m.Add(stun.AttrXORPeerAddress, append(v, addr...))
	return nil
}

// request sends a request and returns the answer, authenticating itself as the server asks for.
func (c *rawClient) request(method stun.Method, attributes ...stun.Setter) *stun.Message {
	c.t.Helper()
	for range 2 {
		setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attributes...)
		if c.realm != "" {
			setters = append(setters, stun.NewUsername(c.username), stun.NewRealm(c.realm), stun.NewNonce(c.nonce),
				stun.NewLongTermIntegrity(c.username, c.realm, c.password))
		}
		answer := c.roundTrip(stun.MustBuild(setters...))
		var nonce stun.Nonce
		if nonce.GetFrom(answer) != nil || c.realm != "" {
			return answer
		}
		var realm stun.Realm
		if err := realm.GetFrom(answer); err != nil {
			c.t.Fatal(err)
		}
		c.realm, c.nonce = realm.String(), nonce.String()
	}
	c.t.Fatal("the server never took the credentials")
	return nil
}

// roundTrip sends a message and waits for the answer to it; lost datagrams are sent again.
func (c *rawClient) roundTrip(m *stun.Message) *stun.Message {
	c.t.Helper()
	for range 10 {
		if _, err := c.conn.Write(m.Raw); err != nil {
			c.t.Fatal(err)
		}
		for {
			answer, err := c.read(time.Second)
			if err != nil {
				break
			}
			if answer.TransactionID == m.TransactionID {
				return answer
			}
		}
	}
	c.t.Fatalf("no answer to %s", m)
	return nil
}

// read reads one STUN message.
func (c *rawClient) read(patience time.Duration) (*stun.Message, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	m := new(stun.Message)
	if _, ok := c.conn.(*net.UDPConn); ok {
		buf := make([]byte, 2048)
		n, err := c.conn.Read(buf)
		if err != nil {
			return nil, err
		}
		m.Raw = buf[:n]
		return m, m.Decode()
	}
	head := make([]byte, stunHeader)
	if _, err := io.ReadFull(c.conn, head); err != nil {
		return nil, err
	}
	m.Raw = append(head, make([]byte, binary.BigEndian.Uint16(head[2:]))...)
	if _, err := io.ReadFull(c.conn, m.Raw[stunHeader:]); err != nil {
		return nil, err
	}
	return m, m.Decode()
}

// send sends an indication.
func (c *rawClient) send(to netip.AddrPort, data []byte) {
	c.t.Helper()
	m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peerAttr(to),
		raw{Type: stun.AttrData, Value: data})
	if _, err := c.conn.Write(m.Raw); err != nil {
		c.t.Fatal(err)
	}
}

// sendChannel sends ChannelData.
func (c *rawClient) sendChannel(number uint16, data []byte) {
	c.t.Helper()
	p := binary.BigEndian.AppendUint16(nil, number)
	p = binary.BigEndian.AppendUint16(p, uint16(len(data)))
	p = append(p, data...)
	p = append(p, make([]byte, (4-len(data)%4)%4)...)
	if _, err := c.conn.Write(p); err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawClient) allocate() {
	c.t.Helper()
	if code := errorCode(c.request(stun.MethodAllocate, transport(protocolUDP))); code != 0 {
		c.t.Fatalf("allocation refused with %d", code)
	}
}

// errorCode is the code of an error answer, 0 for success, and -1 for an error without a code.
func errorCode(m *stun.Message) int {
	if m.Type.Class == stun.ClassSuccessResponse {
		return 0
	}
	var code stun.ErrorCodeAttribute
	if code.GetFrom(m) != nil {
		return -1
	}
	return int(code.Code)
}
