package ice

import (
	"confab/internal/bus"
)

// Relay is what Revoker needs of the TURN server.
type Relay interface {
	Revoke(userID string)
}

// Revoker ends a user's TURN allocations when sessions are taken from them, so that nobody goes on using the relay with
// credentials from before. It is a bus.Receiver.
type Revoker struct{ Relay Relay }

var _ bus.Receiver = Revoker{}

// Deliver implements bus.Receiver; events are none of its business.
func (Revoker) Deliver(bus.Event) {}

// End implements bus.Receiver. TURN credentials belong to a user, not to a session: devices that stay signed in ask for
// new ones when theirs stop working. An ordinary logout is no reason to interrupt them.
func (r Revoker) End(e bus.Revoked) {
	if e.Reason != "logout" {
		r.Relay.Revoke(string(e.UserID))
	}
}
