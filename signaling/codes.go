package signaling

import "time"

// The codes with which the server closes sockets: those of RFC 6455 section 7.4.1 and the IANA registry, and from the
// private range, by the HTTP status that says the same.
const (
	CloseGoingAway    = 1001
	CloseProtocol     = 1002 // the peer does not speak RFC 6455
	CloseNoStatus     = 1005 // never on the wire: "a close frame without a code"
	CloseTooBig       = 1009 // a frame over MaxFrame
	CloseInternal     = 1011
	CloseRestart      = 1012 // the server stops: reconnect
	CloseUnauthorized = 4401 // no token in time, a bad one, an expired one, or a session that was revoked
	CloseSlow         = 4408 // the client did not read: reconnect and resynchronise
	CloseTooMany      = 4429 // too many sockets of one user
)

// The codes of refusals that arise here; those of the rules come from internal/chat and internal/call.
const (
	codeBadFrame     = "bad_frame"     // not a JSON object with an event
	codeBinaryFrame  = "binary_frame"  // binary frames carry nothing here
	codeUnknownEvent = "unknown_event" // no such event from a client
	codeBadData      = "bad_data"      // data of the wrong shape
	codeRateLimited  = "rate_limited"
	codeWrongSession = "wrong_session" // auth on a live socket with somebody else's token
	codeBadOrigin    = "bad_origin"
	codeDraining     = "draining" // the server is stopping
)

// MaxFrame is the largest frame from a client, in bytes. The largest thing that clients send is a session description:
// 50 receiving sections with all their codecs are about 150 KB.
const MaxFrame = 256 << 10

// Timing are the times of a socket's life. The zero value of each means its default.
type Timing struct {
	Auth  time.Duration // for the first frame of a socket that came without a token: 5 s, as the protocol says
	Ping  time.Duration // between pings: 15 s, which also keeps NAT and proxy mappings alive
	Dead  time.Duration // without a frame from the peer, pongs included: 35 s, two pings and a slow network's time
	Write time.Duration // one write to the network may take: 10 s, after which a stalled peer is cut
	Close time.Duration // the peer may take to answer a close: 2 s
	Slow  time.Duration // what is being written when a peer is closed for not reading, and the close, may take: 30 s

	Typing time.Duration // after which a notice of typing that was not repeated is taken back: 6 s, as the protocol says
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Auth, 5 * time.Second},
		{&t.Ping, 15 * time.Second},
		{&t.Dead, 35 * time.Second},
		{&t.Write, 10 * time.Second},
		{&t.Close, 2 * time.Second},
		{&t.Slow, 30 * time.Second},
		{&t.Typing, 6 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return t
}
