package media

import (
	"encoding/binary"
	"io"
	"math"
)

// MaxWaveform is the most samples that a waveform has: more than fit on a phone's screen.
const MaxWaveform = 256

// silence is the root mean square, of a full scale of 1, under which nothing is heard: -60 dB.
const silence = 0.001

// Waveform computes up to n (at most MaxWaveform) loudness samples of a WAV file in PCM or float: each is the root mean
// square of its stretch, where the loudest stretch of the file is 255. nil: it is another type, whose sound is not
// decoded here.
func Waveform(r io.ReaderAt, size int64, n int) ([]byte, error) {
	s := newSource(r, size)
	head, err := s.at(0, int(min(size, 12)))
	if err != nil || !riff("WAVE")(head) {
		return nil, err
	}
	w, err := parseWave(s)
	if err != nil {
		return nil, err
	}
	sample := w.decoder()
	blocks := w.size / int64(w.block)
	n = int(min(int64(n), MaxWaveform, blocks))
	if sample == nil || n <= 0 {
		return nil, nil
	}
	loudness := make([]float64, n)
	for i := range loudness {
		from, to := blocks*int64(i)/int64(n), blocks*int64(i+1)/int64(n)
		if loudness[i], err = w.loudness(s, sample, from, to); err != nil {
			return nil, err
		}
	}
	return scaled(loudness), nil
}

// loudness is the root mean square of the blocks between from and to.
func (w wave) loudness(s *source, sample func([]byte) float64, from, to int64) (float64, error) {
	step := int64(windowSize / w.block)
	if step == 0 {
		return 0, damaged("WAV: blocks of %d bytes", w.block)
	}
	sum, width := 0.0, w.bits/8
	for at := from; at < to; at += step {
		piece, err := s.at(w.begin+at*int64(w.block), int(min(step, to-at))*w.block)
		if err != nil {
			return 0, err
		}
		for ; len(piece) >= width; piece = piece[width:] {
			v := sample(piece)
			sum += v * v
		}
	}
	return math.Sqrt(sum / float64((to-from)*int64(w.channels))), nil
}

// scaled brings the loudest to 255.
func scaled(loudness []float64) []byte {
	loudest := 0.0
	for _, v := range loudness {
		loudest = max(loudest, v)
	}
	samples := make([]byte, len(loudness))
	if !(loudest > silence) || math.IsInf(loudest, 0) {
		return samples
	}
	for i, v := range loudness {
		samples[i] = byte(math.Round(255 * v / loudest))
	}
	return samples
}

// decoder turns the first sample of a slice into -1…1; nil: none for this format.
func (w wave) decoder() func([]byte) float64 {
	switch {
	case w.format == wavePCM && w.bits == 8: // the only one without a sign
		return func(b []byte) float64 { return float64(int(b[0])-128) / (1 << 7) }
	case w.format == wavePCM && w.bits == 16:
		return func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) / (1 << 15) }
	case w.format == wavePCM && w.bits == 24:
		return func(b []byte) float64 {
			return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 31)
		}
	case w.format == wavePCM && w.bits == 32:
		return func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) / (1 << 31) }
	case w.format == waveFloat && w.bits == 32:
		return func(b []byte) float64 { return bounded(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))) }
	case w.format == waveFloat && w.bits == 64:
		return func(b []byte) float64 { return bounded(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	}
	return nil
}

// bounded keeps floats that are no numbers, or far beyond full scale, from drowning the rest.
func bounded(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return max(-1, min(1, v))
}
