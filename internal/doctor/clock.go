package doctor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	// clockTolerance is how wrong a clock may be: beyond, tokens and TURN credentials are judged wrongly.
	clockTolerance = 5 * time.Second
	defaultNTP     = "pool.ntp.org:123"
	// ntpEpoch is the beginning of NTP's time, 1900, in Unix seconds (RFC 5905, section 6).
	ntpEpoch = -2_208_988_800
)

func examineClock(ctx context.Context, r *report, server string) {
	if server == "" {
		server = defaultNTP
	}
	off, err := clockError(ctx, server)
	switch {
	case err != nil && kernelClockIsSet():
		r.fine("clock", "kept right by this system's time service (no time server was asked: %v)", err)
	case err != nil:
		r.add(Finding{"clock", Unknown, fmt.Sprintf("no time server has answered: %v", err), "Compare `date -u` with a clock that is right: more than some seconds off, sign-in and TURN fail."})
	case off.Abs() > clockTolerance:
		r.add(Finding{"clock", Failure, fmt.Sprintf("this machine's clock is wrong by %s", off.Round(time.Second)),
			"Let it be set from the network: timedatectl set-ntp true."})
	default:
		r.fine("clock", "right to within %s", off.Abs().Round(time.Millisecond))
	}
}

// clockError asks a time server by SNTP (RFC 4330) how much this machine's clock is ahead.
func clockError(ctx context.Context, server string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience/2)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", server)
	if err != nil {
		return 0, err
	}
	defer conn.Close() // only asked
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	request := make([]byte, 48)
	request[0] = 4<<3 | 3 // version 4, client
	sent := time.Now()
	if _, err := conn.Write(request); err != nil {
		return 0, err
	}
	answer := make([]byte, 100)
	n, err := conn.Read(answer)
	if err != nil {
		return 0, err
	}
	back := time.Now()
	if n < 48 || answer[0]&7 != 4 || answer[1] == 0 { // no server, or one that asks us to go away
		return 0, errors.New("the time server gives no time")
	}
	// The middle of the way there and back is taken for the moment of the server's time.
	theirs := ntpTime(answer[40:48])
	return sent.Add(back.Sub(sent) / 2).Sub(theirs), nil
}

func ntpTime(b []byte) time.Time {
	seconds, fraction := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	return time.Unix(int64(seconds)+ntpEpoch, int64(fraction)*int64(time.Second)>>32)
}
