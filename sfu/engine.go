package sfu

import (
	"context"
	"strconv"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"confab/sfu/pionlog"
)

// Header extensions that Pion's sdp package has no names for.
const (
	uriOrientation = "urn:3gpp:video-orientation"
	uriDescriptor  = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
	uriDelay       = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
)

const (
	// silenceLimit is how long nothing may be heard from a client before its leg counts as lost. Browsers check consent
	// every five seconds at most (RFC 7675) and send media much more often.
	silenceLimit = 6 * time.Second
	// handshakeLimit bounds a DTLS handshake, so that a client that never finishes does not hold a goroutine for ever.
	handshakeLimit = 30 * time.Second
)

// newMediaEngine lists what legs can negotiate. Payload types are those that browsers use; an answer takes the client's. Each
// PeerConnection works on a copy.
func newMediaEngine() (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	cc := webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC}
	audio := []webrtc.RTCPFeedback{cc}
	video := []webrtc.RTCPFeedback{
		cc, {Type: webrtc.TypeRTCPFBGoogREMB},
		{Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"}, {Type: webrtc.TypeRTCPFBNACK},
		{Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"},
	}
	type format struct {
		mime, fmtp string
		pt, rtx    webrtc.PayloadType
	}
	for _, f := range []format{
		{webrtc.MimeTypeOpus, "minptime=10;useinbandfec=1;usedtx=1", 111, 0},
		{"audio/red", "111/111", 63, 0},
	} {
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: f.mime, ClockRate: 48000, Channels: 2, SDPFmtpLine: f.fmtp, RTCPFeedback: audio,
			},
			PayloadType: f.pt,
		}, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, err
		}
	}
	const h264 = "level-asymmetry-allowed=1;packetization-mode="
	for _, f := range []format{
		{webrtc.MimeTypeVP8, "", 96, 97},
		{webrtc.MimeTypeH264, h264 + "1;profile-level-id=42e01f", 106, 107},
		{webrtc.MimeTypeH264, h264 + "1;profile-level-id=42001f", 102, 103},
		{webrtc.MimeTypeH264, h264 + "1;profile-level-id=4d001f", 125, 124},
		{webrtc.MimeTypeH264, h264 + "1;profile-level-id=64001f", 112, 113},
		{webrtc.MimeTypeH264, h264 + "0;profile-level-id=42e01f", 108, 109},
		{webrtc.MimeTypeH264, h264 + "0;profile-level-id=42001f", 104, 105},
		{webrtc.MimeTypeVP9, "profile-id=0", 98, 99},
		{webrtc.MimeTypeAV1, "", 45, 46},
	} {
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: f.mime, ClockRate: 90000, SDPFmtpLine: f.fmtp, RTCPFeedback: video,
			},
			PayloadType: f.pt,
		}, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, err
		}
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=" + strconv.Itoa(int(f.pt)),
			},
			PayloadType: f.rtx,
		}, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, err
		}
	}
	return m, registerExtensions(m)
}

func registerExtensions(m *webrtc.MediaEngine) error {
	both := []string{sdp.SDESMidURI, sdp.TransportCCURI, sdp.ABSSendTimeURI}
	for _, e := range []struct {
		kind webrtc.RTPCodecType
		uris []string
	}{
		{webrtc.RTPCodecTypeAudio, append([]string{sdp.AudioLevelURI}, both...)},
		{webrtc.RTPCodecTypeVideo, append([]string{
			sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI, uriOrientation, uriDescriptor, uriDelay,
		}, both...)},
	} {
		for _, uri := range e.uris {
			if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, e.kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// newPeerConnection makes a leg's PeerConnection. Pion negotiates, runs ICE and DTLS, decrypts what comes and encrypts
// RTCP; media and RTCP are taken from it right behind decryption, by the buffers that it asks for, in the goroutines
// that decrypt. No interceptors run in either direction.
func (l *Leg) newPeerConnection() (*webrtc.PeerConnection, error) {
	server := l.room.server
	engine := webrtc.SettingEngine{LoggerFactory: pionlog.New(server.log)}
	if c, ok := server.cfg.Transport.(Configurer); ok {
		c.Configure(&engine)
	} else {
		configureTransport(&engine, server.cfg)
	}
	engine.SetLite(true)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.DisableActiveTCP(true)
	engine.SetICETimeouts(silenceLimit, 0, 2*time.Second) // never failed: see State
	if err := engine.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, err
	}
	engine.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	engine.SetSRTPReplayProtectionWindow(replayWindow)
	engine.BufferFactory = l.bufferFor
	engine.SetFireOnTrackBeforeFirstRTP(true)
	engine.SetDTLSKeyLogWriter(&l.path.handshake)
	engine.SetDTLSServerHelloMessageHook(l.path.handshake.ServerHello)
	engine.SetDTLSConnectContextMaker(func() (context.Context, func()) {
		return context.WithTimeout(context.Background(), handshakeLimit)
	})

	// Whoever gets so far has passed a check of ICE that only the client could make (RFC 8445, section 7.3), which is what the
	// cookie of a HelloVerifyRequest (RFC 6347, section 4.2.1) would show again, a round trip later.
	engine.SetDTLSInsecureSkipHelloVerify(true)

	api := webrtc.NewAPI(webrtc.WithMediaEngine(server.media), webrtc.WithSettingEngine(engine),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	return api.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{server.certificate},
		BundlePolicy: webrtc.BundlePolicyMaxBundle,
		// Header encryption (RFC 9335) would hide audio levels' and layers' extensions from nobody but cost every packet.
		RTPHeaderEncryptionPolicy: webrtc.RTPHeaderEncryptionPolicyDisable,
	})
}

// configureTransport is for transports that only have muxes.
func configureTransport(engine *webrtc.SettingEngine, cfg Config) {
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	engine.SetICEUDPMux(cfg.Transport.UDPMux())
	if tcp := cfg.Transport.TCPMux(); tcp != nil {
		engine.SetICETCPMux(tcp)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	engine.SetNetworkTypes(networks)
	engine.SetIncludeLoopbackCandidate(cfg.Loopback)
}
