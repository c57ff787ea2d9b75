package sfu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"confab/sfu/codec"
	"confab/sfu/section"
)

// RingOffer returns an offer of the server with one audio and one video section, both sendrecv, and all candidates in
// it. It can only be the leg's first negotiation; from then on the client alone offers. Calling it again before the
// answer returns the same offer. Errors: ErrClosed, ErrOfferPending (something else was negotiated first).
func (l *Leg) RingOffer(ctx context.Context) (sdp string, err error) {
	if err := l.beginNegotiation(ctx); err != nil {
		return "", err
	}
	defer l.endNegotiation()
	pc := l.pc.Load()
	switch l.stage {
	case stageRinging:
		return l.ring, nil
	case stageStable:
		return "", fmt.Errorf("%w: the leg is negotiated already", ErrOfferPending)
	}
	var slots []*slot
	for _, kind := range []string{KindAudio, KindVideo} {
		s := newSlot(l, kind, 0)
		slots = append(slots, s)
		t, err := pc.AddTransceiverFromTrack(s, webrtc.RTPTransceiverInit{
			Direction: webrtc.RTPTransceiverDirectionSendrecv,
		})
		if err != nil {
			return "", fmt.Errorf("sfu: add %s section: %w", kind, err)
		}
		s.transceiver = t
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("sfu: make offer: %w", err)
	}
	text, err := l.applyLocal(ctx, pc, offer)
	if err == nil {
		text, err = section.Without(text, uriDescriptor, func(string) bool { return true }) // see describesItself; VP8 is first
	}
	if err != nil {
		return "", err
	}
	if l.local, err = section.Parse(text); err != nil {
		return "", fmt.Errorf("sfu: own offer: %w", err)
	}
	for i, s := range slots {
		s.mid = l.local.Sections[i].MID
	}
	l.pending, l.ring = slots, text
	l.stage = stageRinging
	return text, nil
}

// Answer takes the client's answer to RingOffer. Errors: ErrNoOffer, ErrBadSDP, ErrClosed.
func (l *Leg) Answer(ctx context.Context, sdp string, hints []TrackHint) error {
	if err := l.beginNegotiation(ctx); err != nil {
		return err
	}
	defer l.endNegotiation()
	if l.stage != stageRinging {
		return ErrNoOffer
	}
	remote, err := section.Parse(sdp)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	if err := answers(remote, l.local); err != nil {
		return fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	text, err := section.Prepare(sdp)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	if err := l.pc.Load().SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}); err != nil {
		return fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	l.stage = stageStable
	l.remote = remote
	// What is negotiated is what the answer says, seen from our side.
	local := l.local
	local.Sections = slices.Clone(local.Sections)
	for i, s := range remote.Sections {
		s.Direction = s.Direction.Mirror()
		local.Sections[i] = s
	}
	l.local = local
	l.negotiated(l.pending, hints)
	l.pending, l.ring = nil, ""
	return nil
}

// Offer takes an offer of the client, the first or a later one (further sections, an ICE restart), and returns the
// answer with all candidates in it. An offer that comes while one is being answered waits its turn. A refused offer
// leaves the leg as it was. Errors: ErrBadSDP, ErrOfferPending, ErrClosed, and the context's.
func (l *Leg) Offer(ctx context.Context, sdp string, hints []TrackHint) (answer string, err error) {
	if err := l.beginNegotiation(ctx); err != nil {
		return "", err
	}
	defer l.endNegotiation()
	switch l.stage {
	case stageRinging:
		return "", ErrOfferPending
	case stageStuck:
		return "", fmt.Errorf("%w: an earlier offer went wrong half-way; join anew", ErrBadSDP)
	}
	remote, err := section.Parse(sdp)
	if err == nil {
		err = l.servable(remote)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	text, err := section.Prepare(sdp)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	slots, answer, err := l.answerOffer(ctx, text, remote)
	if err == nil {
		answer, err = section.Without(answer, uriDescriptor, describesItself(remote))
	}
	if err != nil {
		l.rollBack()
		return "", err
	}
	local, err := section.Parse(answer)
	if err != nil {
		return "", fmt.Errorf("sfu: own answer: %w", err)
	}
	l.remote, l.local, l.stage = remote, local, stageStable
	l.negotiated(slots, hints)
	return answer, nil
}

// answerOffer takes an offer that was found servable through Pion.
func (l *Leg) answerOffer(ctx context.Context, text string, remote section.Description) ([]*slot, string, error) {
	pc := l.pc.Load()
	var slots []*slot
	count := map[string]int{}
	for _, s := range l.receiving() {
		count[s.kind]++
	}
	for _, sec := range remote.Sections[len(l.remote.Sections):] {
		if !sec.Direction.Receive || sec.Rejected || sec.Kind == "application" {
			continue // Pion makes what only receives itself
		}
		s := newSlot(l, sec.Kind, count[sec.Kind])
		count[sec.Kind]++
		s.mid = sec.MID
		direction := webrtc.RTPTransceiverDirectionSendonly
		if sec.Direction.Send {
			direction = webrtc.RTPTransceiverDirectionSendrecv
		}
		t, err := pc.AddTransceiverFromTrack(s, webrtc.RTPTransceiverInit{Direction: direction})
		if err != nil {
			return nil, "", fmt.Errorf("sfu: add section %q: %w", sec.MID, err)
		}
		// With its mid known the transceiver is found by it; without, Pion pairs by kind and direction alone.
		if err := t.SetMid(sec.MID); err != nil {
			return nil, "", fmt.Errorf("sfu: add section %q: %w", sec.MID, err)
		}
		s.transceiver = t
		slots = append(slots, s)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	for _, t := range pc.GetTransceivers() {
		i := slices.IndexFunc(remote.Sections, func(sec section.Section) bool { return sec.MID == t.Mid() })
		if i < 0 {
			continue
		}
		// Each section answers with its own formats, in the client's order.
		if err := t.SetCodecPreferences(codecParameters(remote.Sections[i], t.Kind())); err != nil {
			return nil, "", fmt.Errorf("%w: section %q: %w", ErrBadSDP, t.Mid(), err)
		}
	}
	made, err := pc.CreateAnswer(nil)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	text, err = l.applyLocal(ctx, pc, made)
	return slots, text, err
}

// applyLocal sets a description of ours and waits for the candidates, which are all known at once: they are the
// transport's own addresses.
func (l *Leg) applyLocal(ctx context.Context, pc *webrtc.PeerConnection, d webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		return "", fmt.Errorf("sfu: set local description: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("sfu: gather candidates: %w", ctx.Err())
	case <-l.shutting:
		return "", ErrClosed
	}
	return pc.LocalDescription().SDP, nil
}

// describesItself tells of which sections the client sends codecs that say in their payload what an SFU has to know. There the
// dependency descriptor is not wanted: a browser that sends it leaves picture ids and temporal layers out of VP8's payload, and
// numbers frames in it through all layers of a simulcast, so that no layer could be left out.
func describesItself(remote section.Description) func(mid string) bool {
	return func(mid string) bool {
		i := slices.IndexFunc(remote.Sections, func(s section.Section) bool { return s.MID == mid })
		sec := remote.Sections[i]
		first := slices.IndexFunc(sec.Codecs, func(c section.Codec) bool { _, known := knownFormat(c); return known })
		return sec.Direction.Send && first >= 0 && codec.KindOf(sec.Codecs[first].MIME) != codec.AV1
	}
}

// rollBack gives a leg that has nothing negotiated yet a fresh PeerConnection after an offer that Pion refused half-way,
// because Pion cannot go back. A leg that stands keeps its media, but can negotiate no more.
func (l *Leg) rollBack() {
	if l.stage != stageNew {
		l.stage = stageStuck
		return
	}
	old := l.pc.Load()
	if err := l.connect(); err != nil {
		l.room.server.log.Error("sfu: replace peer connection", "leg", l.id, "error", err)
		return
	}
	if err := old.GracefulClose(); err != nil {
		l.room.server.log.Debug("sfu: close peer connection", "leg", l.id, "error", err)
	}
}

// negotiated puts a negotiation's result into effect: routes for what comes, slots for what goes.
func (l *Leg) negotiated(added []*slot, hints []TrackHint) {
	for _, s := range added {
		i := slices.IndexFunc(l.local.Sections, func(sec section.Section) bool { return sec.MID == s.mid })
		if i < 0 || l.local.Sections[i].Rejected || !l.local.Sections[i].Direction.Send {
			continue
		}
		s.formatAs(l.local.Sections[i])
		l.mu.Lock()
		l.slots = append(l.slots, s)
		l.watches = l.watches || s.kind == KindVideo
		l.mu.Unlock()
	}
	l.uplink.negotiated(l.remote, l.local, hints)
	l.takeMedia()
	for _, s := range l.receiving() {
		l.downlink.route(s)
	}
	l.room.changed()
}

// servable wants of an offer that it continues the last negotiation and that every section has a format that we know.
func (l *Leg) servable(remote section.Description) error {
	if l.stage == stageStable {
		if err := remote.Continues(l.remote); err != nil {
			return err
		}
	}
	for i, sec := range remote.Sections {
		if sec.Rejected || sec.Kind == "application" {
			continue
		}
		if i < len(l.remote.Sections) && sec.Direction == (section.Direction{}) && l.remote.Sections[i].Direction != sec.Direction {
			return fmt.Errorf("section %q was made inactive; sections stay as they are", sec.MID)
		}
		if len(codecParameters(sec, webrtc.NewRTPCodecType(sec.Kind))) == 0 {
			return fmt.Errorf("section %q has no codec that is known here", sec.MID)
		}
	}
	return nil
}

// answers wants of an answer that it is one to our offer.
func answers(remote, offer section.Description) error {
	if len(remote.Sections) != len(offer.Sections) {
		return fmt.Errorf("%d sections answer %d", len(remote.Sections), len(offer.Sections))
	}
	for i, sec := range remote.Sections {
		if sec.MID != offer.Sections[i].MID || sec.Kind != offer.Sections[i].Kind {
			return fmt.Errorf("section %d answers another", i)
		}
		if !sec.Rejected && len(codecParameters(sec, webrtc.NewRTPCodecType(sec.Kind))) == 0 {
			return fmt.Errorf("section %q has no codec of the offer", sec.MID)
		}
	}
	return nil
}

// codecParameters returns the formats of a section that are known here, as Pion wants them: with the client's payload types, in
// its order, each followed by its RTX.
func codecParameters(sec section.Section, kind webrtc.RTPCodecType) []webrtc.RTPCodecParameters {
	var out []webrtc.RTPCodecParameters
	for _, c := range sec.Codecs {
		known, ok := knownFormat(c)
		if !ok {
			continue
		}
		capability := webrtc.RTPCodecCapability{
			MimeType: c.MIME, ClockRate: c.ClockRate, Channels: c.Channels, SDPFmtpLine: wishes(c), RTCPFeedback: known,
		}
		out = append(out, webrtc.RTPCodecParameters{
			RTPCodecCapability: capability, PayloadType: webrtc.PayloadType(c.PayloadType),
		})
		if c.RTX != 0 && kind == webrtc.RTPCodecTypeVideo {
			out = append(out, webrtc.RTPCodecParameters{
				RTPCodecCapability: webrtc.RTPCodecCapability{
					MimeType: webrtc.MimeTypeRTX, ClockRate: c.ClockRate, SDPFmtpLine: fmt.Sprintf("apt=%d", c.PayloadType),
				},
				PayloadType: webrtc.PayloadType(c.RTX),
			})
		}
	}
	return out
}

// wishes returns a format's parameters as we answer them: the client's own, and for Opus that silence is not to be sent (RFC 7587,
// section 6.1): in a call most are silent, and each of their packets costs as much as one of sound.
func wishes(c section.Codec) string {
	const dtx = "usedtx="
	if !strings.EqualFold(c.MIME, "audio/opus") || strings.Contains(c.FMTP, dtx) {
		return c.FMTP
	}
	return strings.TrimPrefix(c.FMTP+";"+dtx+"1", ";")
}

// knownFormat tells whether a format is one that newMediaEngine registers, and which of its feedback we give and take.
func knownFormat(c section.Codec) (feedback []webrtc.RTCPFeedback, known bool) {
	switch strings.ToLower(c.MIME) {
	case "audio/opus", "audio/red":
		known = c.ClockRate == 48000
	case "video/vp8", "video/h264", "video/av1":
		known = true
	case "video/vp9":
		known = !strings.Contains(c.FMTP, "profile-id=") || strings.Contains(c.FMTP, "profile-id=0")
	}
	ours := []string{"transport-cc"}
	if strings.HasPrefix(strings.ToLower(c.MIME), "video/") {
		ours = []string{"transport-cc", "goog-remb", "ccm fir", "nack", "nack pli"}
	}
	for _, f := range c.Feedback {
		if slices.Contains(ours, f) {
			name, parameter, _ := strings.Cut(f, " ")
			feedback = append(feedback, webrtc.RTCPFeedback{Type: name, Parameter: parameter})
		}
	}
	return feedback, known
}

// AddCandidate takes a trickled candidate, the text of RTCIceCandidate.candidate; empty means that there are no more.
// Early and late ones are fine: an ICE-lite agent sends no checks of its own, and learns the client's addresses from the
// checks that come, so that candidates are only looked at for being some. Errors: ErrBadCandidate, ErrClosed.
func (l *Leg) AddCandidate(candidate string) error {
	if l.closing() {
		return ErrClosed
	}
	return CheckCandidate(candidate)
}

// CheckCandidate is the part of AddCandidate that needs no leg. Errors: ErrBadCandidate.
func CheckCandidate(candidate string) error {
	text := strings.TrimPrefix(candidate, "candidate:")
	if text == "" {
		return nil
	}
	const longest = 1024 // bytes; candidates have some 150
	if len(text) > longest {
		return fmt.Errorf("%w: %d bytes", ErrBadCandidate, len(text))
	}
	if _, err := ice.UnmarshalCandidate(text); err != nil &&
		!errors.Is(err, ice.ErrUnknownCandidateTyp) && !errors.Is(err, ice.ErrDetermineNetworkType) {
		return fmt.Errorf("%w: %w", ErrBadCandidate, err)
	}
	return nil
}

func (l *Leg) beginNegotiation(ctx context.Context) error {
	select {
	case l.negotiating <- struct{}{}:
	case <-l.shutting:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	if l.closing() {
		l.endNegotiation()
		return ErrClosed
	}
	return nil
}

func (l *Leg) endNegotiation() { <-l.negotiating }
