package call

import (
	"strconv"
	"strings"
)

// peer is what the descriptions of a client's RTCPeerConnection tell of it.
type peer struct {
	fingerprint string
	version     uint64
}

func peerOf(sdp string) peer { return peer{fingerprint(sdp), version(sdp)} }

// fingerprint finds the client's certificate fingerprint. It is the same for the life of a PeerConnection and, unless
// the application goes out of its way, differs between two: after a reload the same device comes with another one.
func fingerprint(sdp string) string {
	return strings.ToLower(lineOf(sdp, "a=fingerprint:"))
}

// version finds the sess-version (RFC 8866 section 5.2). A PeerConnection increments it with every description that differs
// from the last (RFC 8829 section 5.2.2).
func version(sdp string) uint64 {
	fields := strings.Fields(lineOf(sdp, "o="))
	if len(fields) < 3 {
		return 0
	}
	n, _ := strconv.ParseUint(fields[2], 10, 64) // 0 where it is none
	return n
}

// lineOf finds the first line with a prefix, and returns the rest of it.
func lineOf(sdp, prefix string) string {
	for line := range strings.Lines(sdp) {
		if rest, found := strings.CutPrefix(line, prefix); found {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
