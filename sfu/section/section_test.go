package section_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"confab/sfu/section"
)

func chrome(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/simulcast.sdp")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\n", "\r\n")
}

func TestABrowsersOfferIsRead(t *testing.T) {
	t.Parallel()
	d, err := section.Parse(chrome(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Sections) != 3 || d.Ufrag != "Xy1z" || !strings.HasPrefix(d.Fingerprint, "sha-256 ") {
		t.Fatalf("%+v", d)
	}
	audio, video, data := d.Sections[0], d.Sections[1], d.Sections[2]
	if audio.MID != "0" || audio.Kind != "audio" || audio.Direction != (section.Direction{Send: true, Receive: true}) ||
		!slices.Equal(audio.SSRCs, []uint32{1111}) || audio.Extensions["urn:ietf:params:rtp-hdrext:ssrc-audio-level"] != 1 {
		t.Errorf("audio: %+v", audio)
	}
	opus, ok := audio.Codec(111)
	if !ok || opus.MIME != "audio/opus" || opus.Channels != 2 || opus.FMTP != "minptime=10;useinbandfec=1" || opus.NACK {
		t.Errorf("opus: %+v", opus)
	}
	vp8, ok := video.Codec(96)
	if !ok || vp8.RTX != 97 || !vp8.NACK || vp8.ClockRate != 90000 {
		t.Errorf("VP8: %+v", vp8)
	}
	if !slices.Equal(video.RIDs, []string{"q", "h", "f"}) || video.Direction != (section.Direction{Send: true}) || len(video.Codecs) != 3 {
		t.Errorf("video: %+v", video)
	}
	if data.Kind != "application" {
		t.Errorf("data: %+v", data)
	}
}

func TestRTXSourcesAreToldFromMedia(t *testing.T) {
	t.Parallel()
	text := strings.Replace(chrome(t), "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n",
		"a=ssrc-group:FID 5 6\r\na=ssrc:5 cname:x\r\na=ssrc:6 cname:x\r\n", 1)
	d, err := section.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if v := d.Sections[1]; !slices.Equal(v.SSRCs, []uint32{5}) || v.RTX[6] != 5 {
		t.Errorf("%+v", v)
	}
}

func TestPrepareLeavesNothingForPionToGuess(t *testing.T) {
	t.Parallel()
	text, err := section.Prepare(chrome(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"a=ssrc", "a=candidate"} {
		if strings.Contains(text, gone) {
			t.Errorf("%s is still there", gone)
		}
	}
	for _, kept := range []string{"a=rid:q send", "a=simulcast:send q;h;f", "a=ice-pwd"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is gone", kept)
		}
	}
	if _, err := section.Parse(text); err != nil {
		t.Error(err)
	}
}

func TestContinues(t *testing.T) {
	t.Parallel()
	d, err := section.Parse(chrome(t))
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*section.Description)) section.Description {
		c := d
		c.Sections = slices.Clone(d.Sections)
		f(&c)
		return c
	}
	for name, c := range map[string]struct {
		later section.Description
		ok    bool
	}{
		"the same":     {d, true},
		"one more":     {change(func(c *section.Description) { c.Sections = append(c.Sections, section.Section{MID: "9"}) }), true},
		"one less":     {change(func(c *section.Description) { c.Sections = c.Sections[:2] }), false},
		"swapped":      {change(func(c *section.Description) { slices.Reverse(c.Sections) }), false},
		"another kind": {change(func(c *section.Description) { c.Sections[0].Kind = "video" }), false},
		"another cert": {change(func(c *section.Description) { c.Fingerprint = "sha-256 00" }), false},
	} {
		if err := c.later.Continues(d); (err == nil) != c.ok || err != nil && !errors.Is(err, section.ErrBad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCompatible(t *testing.T) {
	t.Parallel()
	h264 := func(fmtp string) section.Codec {
		return section.Codec{MIME: "video/H264", ClockRate: 90000, FMTP: fmtp}
	}
	baseline := h264("packetization-mode=1;profile-level-id=42e01f")
	high := h264("packetization-mode=1; profile-level-id=640c1f")
	for name, c := range map[string]struct {
		stream, decoder section.Codec
		want            bool
	}{
		"same":                    {baseline, baseline, true},
		"case does not matter":    {section.Codec{MIME: "video/VP8"}, section.Codec{MIME: "video/vp8"}, true},
		"another codec":           {section.Codec{MIME: "video/VP8"}, baseline, false},
		"baseline on high":        {baseline, high, true},
		"high on baseline":        {high, baseline, false},
		"other packetization":     {baseline, h264("profile-level-id=42e01f"), false},
		"VP9 profiles":            {section.Codec{MIME: "video/VP9", FMTP: "profile-id=2"}, section.Codec{MIME: "video/VP9"}, false},
		"VP9 profile 0 by rights": {section.Codec{MIME: "video/VP9", FMTP: "profile-id=0"}, section.Codec{MIME: "video/VP9"}, true},
		"clock":                   {section.Codec{MIME: "audio/opus", ClockRate: 48000}, section.Codec{MIME: "audio/opus", ClockRate: 8000}, false},
	} {
		if got := section.Compatible(c.stream, c.decoder); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	sec := section.Section{Codecs: []section.Codec{high, baseline}}
	if m, ok := sec.Match(baseline); !ok || m.FMTP != baseline.FMTP {
		t.Errorf("the very same format is not preferred: %+v", m)
	}
}

// FuzzCompatible wants that a codec decodes itself, and that profiles are ordered: what goes both ways is the same for others.
func FuzzCompatible(f *testing.F) {
	f.Add("video/H264", "packetization-mode=1; profile-level-id=640c1f", "profile-level-id=42e01f;packetization-mode=1")
	f.Add("video/VP9", "profile-id=2", "profile-id=")
	f.Fuzz(func(t *testing.T, mime, one, other string) {
		a, b := section.Codec{MIME: mime, FMTP: one}, section.Codec{MIME: mime, FMTP: other}
		if !section.Compatible(a, a) {
			t.Fatalf("%+v does not decode itself", a)
		}
		sec := section.Section{Codecs: []section.Codec{b}}
		if _, ok := sec.Match(a); ok != section.Compatible(a, b) {
			t.Fatalf("%+v and %+v: matched %v", a, b, ok)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(chrome(f))
	f.Add("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 X 0\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := section.Parse(text)
		if err != nil {
			if !errors.Is(err, section.ErrBad) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if len(d.Sections) > section.MaxSections {
			t.Fatalf("%d sections", len(d.Sections))
		}
		prepared, err := section.Prepare(text)
		if err != nil {
			t.Fatalf("parsed but not prepared: %v", err)
		}
		if _, err := section.Parse(prepared); err != nil {
			t.Fatalf("not parsed again: %v", err)
		}
	})
}

// TestTooManySectionsAreRefusedHoweverTheyAreWritten counts what the parser finds, not what stands there at first sight.
func TestTooManySectionsAreRefusedHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\r\n", "\n", "\n\r"} {
		text := chrome(t)
		for range 1000 {
			text += "m=audio 9 UDP/TLS/RTP/SAVPF 111" + end
		}
		if _, err := section.Parse(text); !errors.Is(err, section.ErrBad) || !strings.Contains(err.Error(), "media sections") {
			t.Errorf("lines that end with %q: %v", end, err)
		}
	}
}
