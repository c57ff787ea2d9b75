package media

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// tone makes a WAV of 16 bits, mono, 8 kHz: quarters of silence, half and full loudness, silence.
func tone() []byte {
	var pcm []byte
	for i := range 8000 {
		loud := []float64{0, 0.5, 1, 0}[i/2000]
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(32767*loud*math.Sin(float64(i)/3))))
	}
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(pcm)))
	return append(b, pcm...)
}

func waveform(t *testing.T, b []byte, n int) []byte {
	t.Helper()
	w, err := Waveform(bytes.NewReader(b), int64(len(b)), n)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWaveformFollowsTheLoudness(t *testing.T) {
	t.Parallel()
	got := waveform(t, tone(), 8)
	for i, want := range []int{0, 0, 128, 128, 255, 255, 0, 0} {
		if math.Abs(float64(int(got[i])-want)) > 3 {
			t.Fatalf("got %v", got)
		}
	}
}

func TestWaveformOfEverySampleFormat(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"pcm16.wav", "pcm8.wav", "pcm24.wav", "float32.wav", "piped.wav"} {
		got := waveform(t, sample(t, file), 10)
		if len(got) != 10 {
			t.Errorf("%s: %v", file, got)
			continue
		}
		for _, v := range got { // a steady tone
			if v < 235 {
				t.Errorf("%s: %v", file, got)
				break
			}
		}
	}
}

func TestWaveformLimits(t *testing.T) {
	t.Parallel()
	if n := len(waveform(t, tone(), 10_000)); n != MaxWaveform {
		t.Errorf("%d samples", n)
	}
	short := tone()
	short = short[:44+6]
	binary.LittleEndian.PutUint32(short[40:], 6)
	if n := len(waveform(t, short, 100)); n != 3 {
		t.Errorf("%d loudness samples of 3", n)
	}
	silent := tone()
	clear(silent[44:])
	if got := waveform(t, silent, 10); !bytes.Equal(got, make([]byte, 10)) {
		t.Errorf("silence shows as %v", got)
	}
	for _, file := range []string{"opus.ogg", "alaw.wav", "still.png"} {
		if got := waveform(t, sample(t, file), 10); got != nil {
			t.Errorf("%s: %v", file, got)
		}
	}
}
