package codec

import "math/bits"

// bitReader reads bits, most significant first. After the end it gives zeros, and says so.
type bitReader struct {
	b      []byte
	at     int
	failed bool
}

func (r *bitReader) read(n int) (v uint32) {
	for range n {
		v <<= 1
		if r.at/8 >= len(r.b) {
			r.failed = true
			continue
		}
		v |= uint32(r.b[r.at/8]>>(7-r.at%8)) & 1
		r.at++
	}
	return v
}

// golomb reads an unsigned Exp-Golomb number (H.264, section 9.1).
func (r *bitReader) golomb() uint32 {
	zeros := 0
	for r.read(1) == 0 {
		if zeros++; zeros > 31 || r.failed {
			r.failed = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.read(zeros)
}

// nonSymmetric reads a number below n that takes as few bits as n allows (AV1, section 4.10.7).
func (r *bitReader) nonSymmetric(n uint32) uint32 {
	w := bits.Len32(n)
	m := uint32(1)<<w - n
	v := r.read(w - 1)
	if v < m {
		return v
	}
	return v<<1 - m + r.read(1)
}
